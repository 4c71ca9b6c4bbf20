"""The questions of the order of many servers: period, add-ons, names, auto-renewal, code, numbers, lines, ways out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billtui.domain.models import AutoRenew
from billtui.domain.money import Money
from billtui.domain.periods import PERIODS, add_months
from billtui.screens.bulk_order_text import plan_in
from billtui.screens.modals.checklist import ChecklistDialog
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.lines import LinesDialog, LinesRead
from billtui.screens.modals.prompt import Prompt
from billtui.services.cells_text import CellsRead, read_cells
from billtui.services.order_draft import OrderDraft
from billtui.services.order_estimate import Fix, LeftOutCell
from billtui.services.order_names import NamePreview
from billtui.services.session_settings import Catalogue
from billtui.widgets.formats import count_text, date_text
from billtui.widgets.quantity_grid import MOST

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

MOST_TEXT = 50_000
"""Characters of pasted lines that are read while somebody waits."""
TOO_LONG = f"More than {MOST_TEXT:,} characters are no list for here: paste less, or use order new --cells-file."
EXAMPLE = "web-{loc}-{n:02}"


async def ask_period(app: Shell, draft: OrderDraft) -> OrderDraft | None:
    """For how many months; with the end they lead to if it is paid today (REN-3)."""
    now = app.session.now()
    choices = [
        Choice(str(months), count_text(months, "month"), f"paid until {date_text(add_months(now, months))} if paid now")
        for months in PERIODS
    ]
    chosen = await app.push_screen_wait(ChoiceDialog("Period", choices, chosen=str(draft.period)))
    return None if chosen is None else draft.model_copy(update={"period": int(chosen)})


async def ask_addons(app: Shell, draft: OrderDraft, catalogue: Catalogue, count: int) -> OrderDraft | None:
    """What every server gets on top (BLK-1), with its price for the whole period."""
    kinds = {plan.kind for plan in catalogue.plans if any(plan.id.raw == cell[0] for cell in draft.quantities)}
    months = count_text(draft.period, "month")
    choices = [
        Choice(
            one.id.raw,
            str(one.name),
            f"{one.monthly_price} a month, {one.monthly_price * draft.period} for {months}",
            "" if not kinds or one.kind in kinds else f"only for {one.kind} plans",
        )
        for one in catalogue.addons
    ]
    prices = {one.id.raw: one.monthly_price for one in catalogue.addons}

    def summary(ids: Sequence[str]) -> str:
        if not ids:
            return "None"
        each = Money.total((prices[one] for one in ids), prices[ids[0]].currency) * draft.period
        servers = f", {each * count} for {count_text(count, 'server')}" if count else ""
        return f"{each} each{servers}"

    chosen = await app.push_screen_wait(
        ChecklistDialog("Add-ons", choices, draft.addons, note="Every server gets all of them.", summary=summary)
    )
    return None if chosen is None else draft.model_copy(update={"addons": tuple(chosen)})


async def ask_names(app: Shell, draft: OrderDraft, preview: NamePreview) -> OrderDraft | None:
    """A pattern of host names; what is wrong with it is said at once (BLK-1)."""

    def check(text: str) -> str | None:
        return preview.problem(text.strip()) or None

    text = await app.push_screen_wait(
        Prompt(
            "Names",
            label="Pattern of the host names; empty: the panel names them.",
            value=draft.names or EXAMPLE,
            button="Keep",
            check=check,
            note="{loc} location · {plan} plan · {n} counts from 1 · {n:02} two digits · {n@5} counts from 5",
            live=lambda text: preview.words(text.strip()),
        )
    )
    return None if text is None else draft.model_copy(update={"names": text.strip()})


async def ask_auto_renewal(app: Shell, draft: OrderDraft) -> OrderDraft | None:
    """Off, or on with its own period (REN-4, REN-5)."""
    choices = [Choice("0", "Off", "Servers end after the period unless they are renewed")]
    choices += [Choice(str(months), f"On, {count_text(months, 'month')} at a time") for months in PERIODS]
    now = draft.auto_renew
    chosen = await app.push_screen_wait(
        ChoiceDialog(
            "Auto-renewal of the new servers",
            choices,
            chosen=str(now.months) if now is not None and now.on else "0",
            note="Taken two days before the end from one purse that holds the whole price; never from a card.",
        )
    )
    if chosen is None:
        return None
    months = int(chosen)
    setting = AutoRenew(on=months > 0, months=months or draft.period)
    return draft.model_copy(update={"auto_renew": setting})


async def ask_promo_code(app: Shell, draft: OrderDraft, problem: str) -> OrderDraft | None:
    """A promo code; why the last one does not hold stands below it (DSC-6)."""
    note = "It covers every line; each takes the better of code and loyalty (DSC-7)."
    if problem:
        note = f"{draft.promo_code}: {problem}"

    def check(typed: str) -> str | None:
        if problem and typed.strip() == draft.promo_code:
            return "It does not hold, and is not asked again: change it, empty it, or leave with esc."
        return "A code has at most 200 characters." if len(typed) > 200 else None

    text = await app.push_screen_wait(
        Prompt(
            "Promo code", label="The code; empty for none.", value=draft.promo_code, button="Keep", note=note,
            check=check,
        )
    )  # fmt: skip
    return None if text is None else draft.model_copy(update={"promo_code": text.strip()})


async def ask_quantity(app: Shell, title: str, label: str) -> int | None:
    """How many in each cell; 0 empties them."""

    def check(text: str) -> str | None:
        text = text.strip()
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)):
            return None
        return f"Type a whole number, 0 to {MOST}; 0 empties the cells."

    text = await app.push_screen_wait(Prompt(title, label=label, value="1", button="Fill", check=check))
    return None if text is None else int(text)


async def ask_lines(app: Shell, catalogue: Catalogue, text: str) -> tuple[str, CellsRead] | None:
    """Lines such as ``nl micro 3``; every bad one is named while it is typed."""

    def read(text: str) -> LinesRead:
        if len(text) > MOST_TEXT:
            return LinesRead("Nothing is read", [TOO_LONG])
        found = read_cells(text, catalogue.plans, catalogue.locations)
        good = f"{count_text(len(found.cells), 'cell')}, {count_text(found.count, 'server')}"
        return LinesRead(good, [str(one) for one in found.bad])

    answer = await app.push_screen_wait(
        LinesDialog("Paste lines", read, label="A location, a plan and a number in each line: nl micro 3", text=text)
    )
    if answer is None or len(answer) > MOST_TEXT:
        return None
    return answer, read_cells(answer, catalogue.plans, catalogue.locations)


async def ask_fix(app: Shell, one: LeftOutCell, fixes: Sequence[Fix], catalogue: Catalogue, others: int) -> Fix | None:
    """What to do about a cell that is left out."""
    note = f"{one.quantity} × {plan_in(one.cell[0], one.cell[1], catalogue)}. {one.reason}"
    if others:
        note += f" {count_text(others, 'other cell is', 'other cells are')} left out too."
    choices = [Choice(fix.id, fix.title, fix.detail) for fix in fixes]
    chosen = await app.push_screen_wait(ChoiceDialog("Left out", choices, note=note))
    return next((fix for fix in fixes if fix.id == chosen), None)
