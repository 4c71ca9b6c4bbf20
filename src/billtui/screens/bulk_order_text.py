"""The words of the order of many servers: what it comes to, its choices, its lines, what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from billtui.domain.models import Addon, Exclusion, OrderRequest, QuoteLine
from billtui.domain.money import Money, group_digits
from billtui.domain.safetext import SafeText
from billtui.services.offers import Offer
from billtui.services.order_draft import OrderDraft
from billtui.services.order_estimate import Cell, Estimate, LeftOutCell, Stock
from billtui.services.session_settings import Catalogue
from billtui.widgets.formats import count_text, percent_text, span_text

LABEL = 14
MANY = 12
"""Lines of a list that are written out beside the matrix."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the order stands: what is in and what it costs, by the panel's quote or by what is known here."""

    draft: OrderDraft
    guess: Estimate
    left_out: Sequence[LeftOutCell]
    offer: Offer[OrderRequest] | None = None
    """The panel's price of exactly this draft; ``None`` until it has answered."""
    asking: bool = False
    trouble: str = ""
    """Why there is no price of the panel."""
    code_problem: str = ""
    """Why the promo code does not hold: the failed condition (DSC-6)."""

    @property
    def cells(self) -> Mapping[Cell, int]:
        """What is in."""
        if self.offer is None:
            return self.guess.cells
        found: dict[Cell, int] = {}
        for line in self.offer.lines:
            if line.plan is not None and line.location is not None:
                cell = (line.plan.raw, line.location.raw)
                found[cell] = found.get(cell, 0) + line.quantity
        return found

    @property
    def count(self) -> int:
        """How many servers are in."""
        return sum(self.cells.values())

    @property
    def total(self) -> Money | None:
        """What they cost."""
        return self.guess.amount if self.offer is None else self.offer.total


def headline(standing: Standing, width: int) -> Content:
    """Quantity × locations = servers, and the total: before anything else, always."""
    cells, total = standing.cells, standing.total
    if not cells and not standing.left_out:  # nothing is known of what is sold: that is not "left out"
        cells = standing.draft.quantities
    left = Content.styled(f" {how_many(cells)}" if standing.draft.cells else " No servers yet", "bold")
    if total is None:
        return left
    months = count_text(standing.draft.period, "month")
    right = Content.assemble((str(total), "bold $text-accent"), (f" for {months} ", "$muted"))
    room = width - right.cell_length - 1
    if left.cell_length > room:
        left = Content.styled(f" {count_text(standing.count, 'server')}", "bold").truncate(max(1, room), ellipsis=True)
    return Content.assemble(left, " " * max(1, width - left.cell_length - right.cell_length), right)


def how_many(cells: Mapping[Cell, int]) -> str:
    """``3 × 7 locations = 21 servers``; of several plans or numbers, how many of each."""
    servers = count_text(sum(cells.values()), "server")
    plans, places, numbers = {plan for plan, _ in cells}, {place for _, place in cells}, set(cells.values())
    locations = count_text(len(places), "location")
    if not cells:
        return "0 servers: everything is left out"
    if len(plans) == 1 and len(numbers) == 1:
        return f"{numbers.pop()} × {locations} = {servers}"
    if len(numbers) == 1 and len(cells) == len(plans) * len(places):
        return f"{numbers.pop()} × {locations} × {count_text(len(plans), 'plan')} = {servers}"
    return f"{servers} in {locations}" + (f", {count_text(len(plans), 'plan')}" if len(plans) > 1 else "")


def status(standing: Standing, seconds_left: float | None) -> Content:
    """What kind of price that is, and what to do."""
    if not standing.draft.cells:
        return Content.styled(" Type a number in a cell; f fills its row, v takes pasted lines.", "$muted")
    if standing.trouble:
        return Content.assemble((f" {standing.trouble}", "$text-warning"))
    offer = standing.offer
    if offer is None:
        asking = "; asking the panel …" if standing.asking else ""
        return Content.styled(f" List price, before discounts{asking}", "$text-warning")
    parts: list[Content] = []
    if seconds_left is not None and seconds_left > 0:
        parts.append(Content(f"Price of the panel, holds {span_text(seconds_left)}"))
    listed = Money.total((line.list_price for line in offer.lines), offer.total.currency)
    if listed != offer.total:
        parts.append(Content.styled(f"{group_digits((listed - offer.total).amount)} saved", "$text-success"))
    if len(offer.quotes) > 1:
        parts.append(Content.styled(f"{len(offer.quotes)} requests, an invoice each (BLK-7)", "$text-warning"))
    parts.append(Content("e explains"))
    return Content.assemble(" ", Content.styled("", "$muted"), Content(" · ").join(parts)).stylize_before("$muted")


def cell_words(cell: Cell | None, catalogue: Catalogue, stock: Stock | None, standing: Standing) -> Content:
    """The cell under the cursor in words: what it is, how many there are, and why it cannot be had."""
    if cell is None:
        return Content("")
    plan = next((one for one in catalogue.plans if one.id.raw == cell[0]), None)
    place = next((one for one in catalogue.locations if one.id.raw == cell[1]), None)
    if plan is None or place is None:
        return Content("")
    parts: list[Content | tuple[str, str]] = [
        (f" {plan.name} in {place.name}", "bold"),
        (f"  {plan.monthly_price} a month  ", "$muted"),
    ]
    left_out = next((one for one in standing.left_out if one.cell == cell), None)
    if left_out is not None:
        parts.append((f"left out: {left_out.reason} x: ways out", "$text-error"))
    elif stock is None:
        parts.append(("stock not known yet", "$muted"))
    elif cell not in stock:
        parts.append(("not sold in this location", "$text-warning"))
    elif not stock[cell]:
        parts.append(("sold out: 0 in stock", "$text-warning"))
    else:
        parts.append((f"{stock[cell]} in stock", "$text-success"))
        parts.append((f"  {hardware(plan.cpu, plan.memory_mib, plan.disk_gib)}", "$muted"))
    return Content.assemble(*parts)


def hardware(cpu: int, memory_mib: int, disk_gib: int) -> str:
    """``2 cores, 4 GB, 50 GB disk``; what is not told is left away."""
    parts = [count_text(cpu, "core")] if cpu > 0 else []
    parts += [f"{memory_mib / 1024:g} GB"] if memory_mib > 0 else []
    parts += [f"{disk_gib} GB disk"] if disk_gib > 0 else []
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A choice of the form: its key, its label, what is chosen, and what is wrong with it."""

    id: str
    key: str
    label: str
    value: str
    problem: str = ""

    def content(self, width: int) -> Content:
        """The line, cut to ``width``; a problem that does not fit behind it stands in two lines below."""
        value = str(SafeText(self.value))  # patterns and codes are as they were typed or pasted
        line = Content.assemble((f"{self.key} ", "bold $text-accent"), (f"{self.label:<{LABEL}}", "$muted"), value)
        problem = Content.styled(str(SafeText(self.problem)), "$text-error")
        if not self.problem:
            return line.truncate(max(4, width), ellipsis=True)
        if line.cell_length + 2 + problem.cell_length <= width:
            return Content.assemble(line, "  ", problem)
        below = problem.wrap(max(4, width - 2))
        rest = Content(" ").join(below[1:]).truncate(max(4, width - 2), ellipsis=True)
        rows = [line.truncate(max(4, width), ellipsis=True), Content.assemble("  ", below[0])]
        return Content("\n").join([*rows, Content.assemble("  ", rest)] if len(below) > 1 else rows)


def choice_lines(
    standing: Standing,
    addons: Sequence[Addon],
    preview: str,
    name_problem: str,
    keys: Callable[[str], str],
    *,
    takes_code: bool = True,
) -> list[ChoiceLine]:
    """The choices besides quantities; ``keys`` gives the key of a command, ``takes_code`` whether a code is taken."""
    draft = standing.draft
    code = draft.promo_code or ("none" if takes_code else "this panel takes none from here")
    if draft.promo_code and standing.offer is not None and not standing.code_problem:
        promo = standing.offer.quotes[0].promo
        code += f": −{percent_text(promo.percent)} where that is more than loyalty" if promo is not None else ": holds"
    auto = draft.auto_renew
    renewal = "off" if auto is None or not auto.on else f"on, {count_text(auto.months, 'month')} at a time"
    return [
        ChoiceLine("bulk.period", keys("bulk.period"), "Period", count_text(draft.period, "month")),
        ChoiceLine("bulk.addons", keys("bulk.addons"), "Add-ons", addon_words(draft, addons, standing.count)),
        ChoiceLine("bulk.names", keys("bulk.names"), "Names", preview, name_problem),
        ChoiceLine("bulk.auto_renew", keys("bulk.auto_renew"), "Auto-renewal", renewal),
        ChoiceLine("bulk.promo", keys("bulk.promo"), "Promo code", code, standing.code_problem),
    ]


def addon_words(draft: OrderDraft, addons: Sequence[Addon], count: int) -> str:
    """The chosen add-ons with their price for the whole period, for one server and for all."""
    chosen = [one for one in addons if one.id.raw in draft.addons]
    if not chosen:
        return "none"
    names = ", ".join(str(one.name) for one in chosen)
    each = Money.total((one.monthly_price for one in chosen), chosen[0].monthly_price.currency) * draft.period
    return f"{names}: {each} each for {count_text(draft.period, 'month')}" if count else names


def line_text(line: QuoteLine, catalogue: Catalogue, *, width: int = 70) -> Content:
    """A line of the quote in one row: the amount, how many of what, and the discount."""
    percent = sum((discount.percent for discount in line.discounts), start=line.amount.amount * 0)
    off = f" −{percent_text(percent)}" if percent else ""
    plus = f" +{count_text(len(line.addons), 'add-on')}" if line.addons else ""
    title = f"{line.quantity} × {plan_in(raw(line.plan), raw(line.location), catalogue)}"
    room = max(10, width - 12 - cell_len(off) - cell_len(plus))
    return Content.assemble(
        (f"{group_digits(line.amount.amount):>10}  ", "bold"),
        Content(title).truncate(room, ellipsis=True, pad=True),
        (plus, "$muted"),
        (off, "$text-success"),
    )


def plan_in(plan: str | None, location: str | None, catalogue: Catalogue) -> str:
    """``VDS micro in Amsterdam`` by raw ids, as the catalogue calls them; the ids where it does not know them."""
    return f"{plan_name(plan, catalogue)} in {location_name(location, catalogue)}"


def plan_name(plan: str | None, catalogue: Catalogue) -> str:
    """A plan by its raw id."""
    return next((str(one.name) for one in catalogue.plans if one.id.raw == plan), str(SafeText(plan or "?")))


def location_name(location: str | None, catalogue: Catalogue) -> str:
    """A location by its raw id."""
    found = (str(one.name) for one in catalogue.locations if one.id.raw == location)
    return next(found, str(SafeText(location or "?")))


def exclusion_name(one: Exclusion, catalogue: Catalogue) -> str:
    """What a quote leaves out, as a person says it."""
    return plan_in(raw(one.plan), raw(one.location), catalogue)


def raw(name: SafeText | None) -> str | None:
    """An id as the panel wrote it."""
    return None if name is None else name.raw


def left_out_content(left_out: Sequence[LeftOutCell]) -> Content:
    """All that is left out, with the reasons."""
    lines = [Content.styled(f"Left out ({len(left_out)}): x shows the ways out", "bold $text-warning")]
    lines += [left_out_line(one) for one in left_out[:MANY]]
    if len(left_out) > MANY:
        lines.append(Content.styled(f"… and {len(left_out) - MANY} more", "$muted"))
    return Content("\n").join(lines)


def left_out_line(one: LeftOutCell) -> Content:
    """A cell that is left out, in a line: how many were wanted, and why not."""
    return Content.assemble((f"{one.quantity}", "bold"), (" wanted: ", "$muted"), one.reason)


def sums(standing: Standing, purses: Sequence[tuple[str, Money]]) -> Content:
    """How the total comes about, what that is a month, and what each purse holds then (ACC-4: never added up)."""
    offer, total = standing.offer, standing.total
    if total is None:
        return Content("")
    rows: list[tuple[str, str]] = []
    if offer is not None:
        currency = offer.total.currency
        listed = Money.total((line.list_price for line in offer.lines), currency)
        addons = Money.total((part.amount for line in offer.lines for part in line.addons), currency)
        rows.append(("Servers, list price", group_digits((listed - addons).amount)))
        if addons.amount:
            rows.append(("Add-ons", group_digits(addons.amount)))
        if listed != total:
            rows.append(("Discounts", f"−{group_digits((listed - total).amount)}"))
    rows.append((f"Total for {count_text(standing.draft.period, 'month')}", group_digits(total.amount)))
    lines = [Content.assemble((f"{label:<20}", "$muted"), f"{value:>11}") for label, value in rows]
    lines[-1] = Content.assemble((f"{rows[-1][0]:<20}", "bold"), (f"{rows[-1][1]:>11} {total.currency}", "bold"))
    lines.append(Content(""))
    for name, purse in purses:
        after = purse - total
        label = f"{name} balance"
        if after.amount >= 0:
            lines.append(Content.assemble((f"{label:<20}", "$muted"), f"{group_digits(purse.amount):>11} → {after}"))
        else:
            missing = (f", {-after} missing", "$text-warning")
            lines.append(Content.assemble((f"{label:<20}", "$muted"), f"{group_digits(purse.amount):>11}", missing))
    return Content("\n").join(lines)


def lines_content(lines: Iterable[QuoteLine], catalogue: Catalogue, width: int) -> Content:
    """The lines of the quote, as many as are worth reading beside the matrix."""
    every = list(lines)
    shown = [line_text(line, catalogue, width=width) for line in every[:MANY]]
    if len(every) > MANY:
        rest = every[MANY:]
        amount = Money.total((line.amount for line in rest), rest[0].amount.currency)
        more = f"{group_digits(amount.amount):>10}  … {len(rest)} more lines, e shows all"
        shown.append(Content.styled(more, "$muted"))
    return Content("\n").join(shown)
