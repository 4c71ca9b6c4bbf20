"""What can be done to orders besides renewing: auto-renewal, power, another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from billtui.domain.models import Action, AutoRenew, Order
from billtui.domain.periods import PERIODS
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.services import planner
from billtui.terminal.clipboard import MAX_BASE64
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell
    from billtui.services.store import OrderRow

ACTIONS: dict[str, tuple[str, str]] = {
    "start": ("Start", "Switch the server on"),
    "stop": ("Stop", "Shut the server down"),
    "reboot": ("Reboot", "Restart the system inside; running work is interrupted"),
    "reset": ("Hard reset", "As if the power was cut; unsaved data is lost"),
    "suspend": ("Suspend", "Stop the service; paid time keeps running"),
    "unsuspend": ("Resume service", "End the suspension"),
    "reinstall": ("Reinstall", "Erases the server; its name has to be typed"),
}
"""Power actions (ORD-4): id → title and what it means."""
DANGEROUS = ("reset", "reinstall")
AS_THEY_ARE = "as-they-are"
"""The choice to change nothing, where the chosen orders differ."""


async def _orders(app: Shell, ids: Sequence[str]) -> list[Order]:
    orders = await app.session.orders_by_ids(ids)
    if not orders:
        app.say("These orders are not there any more; press r to refresh.", "warning")
    return orders


async def change_auto_renewal(app: Shell, ids: Sequence[str]) -> None:
    """Choose off or a period; one plan for all chosen orders (REN-4, REN-5)."""
    account = signed_in_account(app)
    orders = await _orders(app, ids)
    if not orders:
        return
    standing = Counter(one.auto_renew.months if one.auto_renew.on else 0 for one in orders)
    choices = [Choice("0", "Off", "No invoice is issued by itself; the order ends unless it is renewed")]
    choices += [Choice(str(months), f"On, {count_text(months, 'month')} at a time") for months in PERIODS]
    rest = str(next(iter(standing)))
    if len(standing) > 1 or rest not in [one.id for one in choices]:  # none of them was chosen for all
        rest = AS_THEY_ARE
        choices.insert(0, Choice(AS_THEY_ARE, "As they are", _standing_words(standing)))
    chosen = await app.push_screen_wait(
        ChoiceDialog(
            "Auto-renewal",
            choices,
            chosen=rest,
            note="Taken two days before the end from one purse that holds the whole price; never from a card.",
        )
    )
    if chosen is None:
        return
    if chosen == AS_THEY_ARE:
        app.say("Auto-renewal stays as it is; nothing was sent.")
        return
    setting = AutoRenew(on=chosen != "0", months=int(chosen) or 1)
    plan = planner.auto_renew(
        account, orders, setting, own_periods=True, now=app.session.now(), busy=busy_targets(app),
        profile=app.profile.name,
    )  # fmt: skip
    await confirm_and_submit(app, plan, button="Switch on" if setting.on else "Switch off")


def _standing_words(standing: Counter[int]) -> str:
    """How many orders renew themselves, and for how long; the most first: ``2 off, 1 on for 3 months``."""
    words = {months: f"on for {count_text(months, 'month')}" if months else "off" for months in standing}
    return ", ".join(f"{count} {words[months]}" for months, count in standing.most_common())


async def choose_action(app: Shell, ids: Sequence[str]) -> None:
    """Choose a power action; those that none of the orders allows say why (ORD-4, ORD-7)."""
    account = signed_in_account(app)
    orders = await _orders(app, ids)
    if not orders:
        return
    title = str(orders[0].name) if len(orders) == 1 else f"{len(orders)} orders"
    choices = [_choice(action, orders) for action in ACTIONS]
    action = await app.push_screen_wait(ChoiceDialog(f"Power: {title}", choices))
    if action is None:
        return
    names: dict[str, str] = {}
    if action == "reinstall":
        typed = await _typed_name(app, orders[0])
        if typed is None:
            return
        names = {orders[0].id.raw: typed}
    plan = planner.order_action(
        account, orders, action, names, now=app.session.now(), busy=busy_targets(app), profile=app.profile.name
    )
    dangerous = action in DANGEROUS
    note = "This cannot be taken back: everything on the server is erased." if action == "reinstall" else ""
    await confirm_and_submit(app, plan, button=ACTIONS[action][0], danger=dangerous, note=note)


def _choice(action: str, orders: Sequence[Order]) -> Choice:
    title, detail = ACTIONS[action]
    if action == "reinstall" and len(orders) > 1:
        return Choice(action, title, refusal="One server at a time: its name has to be typed.")
    answers = [next((one for one in order.actions if one.action.raw == action), None) for order in orders]
    refused = [one for one in answers if one is not None and not one.allowed]
    if len(refused) == len(orders):
        return Choice(action, title, refusal=_reason(refused[0]))
    if refused:
        detail = f"{detail}; {len(refused)} of {len(orders)} will be left out"
    return Choice(action, title, detail)


def _reason(action: Action) -> str:
    return str(action.reason or action.code or "The panel does not allow it now.")


async def _typed_name(app: Shell, order: Order) -> str | None:
    name = str(order.name)

    def check(text: str) -> str | None:
        return None if text.strip() == name else f"That is not the order's name. Type {name} or press esc."

    return await app.push_screen_wait(
        Prompt(
            "Reinstall: erase this server?",
            label=f"Type the order's name, {name}, to go on:",
            button="Go on",
            check=check,
        )
    )


def copy_addresses(app: Shell, rows: Sequence[OrderRow]) -> None:
    """Send the addresses of ``rows`` to the terminal's clipboard, a line each in their order.

    What has no address yet is counted, and never an empty line.
    """
    found = [row.address for row in rows if row.address]
    without = len(rows) - len(found)
    if not found:
        which = f"“{rows[0].name}” has" if len(rows) == 1 else f"{count_text(len(rows), 'order')} have"
        app.say(f"{which} no address: the panel names one once the server is there.", "warning")
        return
    what = found[0] if len(found) == 1 else f"{len(found)} addresses"
    lines = "\n".join(found)
    if len(lines) * 4 // 3 > MAX_BASE64:
        app.say(
            f"{what} are too much for a terminal's clipboard; nothing was sent. w writes them into a file.", "warning"
        )
        return
    also = f"; {count_text(without, 'order')} without one left out" if without else ""
    app.copy(lines, what=f"{what}{also}")
