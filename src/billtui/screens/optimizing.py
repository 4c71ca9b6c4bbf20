"""``P``: what is to be found for the chosen orders, or, in the planner, for those that end soon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.services.store import OrderRow
from billtui.widgets.formats import DAY, count_text

if TYPE_CHECKING:
    from billtui.screens.computed import ComputedScreen
    from billtui.screens.shell import Shell

LIVE = ("active", "suspended", "blocked")
_DAYS = (7, 30, 90)


async def choose_tool(app: Shell, order_ids: Sequence[str]) -> None:
    """Ask which tool, and open its screen. Nothing is sent by any of them before a confirmation."""
    which = count_text(len(order_ids), "order")
    choices = [
        Choice("renew", "Cheapest way to renew", "Which periods, which codes, now or later, within a budget"),
        Choice("line-up", "Line up", "Bring their ends together with the periods that can be bought"),
        Choice("what-if", "What if", "They end or go to another account, or new ones come: tier, discounts, costs"),
    ]
    opened_in = app.screen.area if isinstance(app.screen, BilltuiScreen) else ""
    chosen = await app.push_screen_wait(ChoiceDialog(f"Plan for {which}", choices))
    if chosen is not None:
        screen = _screen(chosen, order_ids)
        screen.opened_in = opened_in
        app.push_screen(screen)


def _screen(tool: str, order_ids: Sequence[str]) -> ComputedScreen[Any, Any]:
    if tool == "renew":
        from billtui.screens.solving import SolverScreen

        return SolverScreen(order_ids)
    if tool == "line-up":
        from billtui.screens.lining_up import LineUpScreen

        return LineUpScreen(order_ids)
    from billtui.screens.supposing import WhatIfScreen

    return WhatIfScreen(order_ids)


async def choose_orders_and_tool(app: Shell) -> None:
    """For a place without marks: ask which orders first."""
    now = int(app.session.now().timestamp())
    live = [row for row in app.session.store.orders() if row.state in LIVE]
    sets: dict[str, list[OrderRow]] = {
        str(days): [row for row in live if row.paid_until is not None and row.paid_until <= now + days * DAY]
        for days in _DAYS
    }
    sets["all"] = live
    choices = [
        Choice(
            key,
            "All orders" if key == "all" else f"Ending in {key} days or ended",
            count_text(len(rows), "order"),
            "" if rows else "There are none.",
        )
        for key, rows in sets.items()
    ]
    chosen = await app.push_screen_wait(
        ChoiceDialog("Plan for which orders?", choices, note="Others: mark them in the list of orders, then P.")
    )
    if chosen is not None:
        await choose_tool(app, [row.id for row in sets[chosen]])
