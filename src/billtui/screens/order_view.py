"""How an order looks: the columns of the list, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from textual.content import Content

from billtui.domain.models import Action, Order
from billtui.services.order_ends import deletion
from billtui.services.paid_ahead import PaidAhead
from billtui.services.store import OrderRow, StoreReader, TransferRow
from billtui.services.transfers import turn_of
from billtui.widgets.formats import (
    cents_text,
    count_text,
    date_text,
    epoch,
    left_bar,
    left_text,
    left_tone,
    moment_text,
    state_cell,
    state_text,
    toned,
)
from billtui.widgets.record_table import Column, Toned
from billtui.widgets.record_table_columns import Tone

LABEL = 13
LONG_NAME = 28
"""Cells of a name of product and host together."""


def order_columns(
    now: Callable[[], int],
    *,
    tags: Callable[[OrderRow], str] = lambda row: "",
    ascii_only: bool = False,
    ahead: Callable[[OrderRow], PaidAhead | None] = lambda row: None,
    plan: Callable[[str], str] = str,
    long_names: bool = False,
) -> list[Column[OrderRow]]:
    """The columns of the list of orders; ``now`` gives the panel's time in epoch seconds, ``tags`` a person's own,
    ``ahead`` a renewal that is paid while the panel has not moved the end yet, ``plan`` the word for a plan.
    ``long_names`` (``Traits``) keeps more room for the name than for what comes last."""

    def left(row: OrderRow) -> Toned | str:
        if row.paid_until is None:
            return "not paid yet"
        if ahead(row) is not None:
            return Toned("paid, waiting", "accent")
        moment = now()
        if promised := promise_words(row, moment):
            return Toned(f"{'@' if ascii_only else '◷'} {promised.words}", promised.tone)
        if (gone := deletion(row)) is not None and gone > moment:
            return Toned(f"deleted in {left_text(gone, moment)}", "bad")
        words, tone = left_text(row.paid_until, moment), left_tone(row.paid_until, moment)
        if row.paid_until <= moment:
            return Toned(words, tone)  # the bar would be empty, and take the room of the words
        return Toned(f"{left_bar(row.paid_until, moment, ascii_only=ascii_only)} {words}", tone)

    def state(row: OrderRow) -> Toned:
        if row.transfer_id:
            return Toned("> transfer" if ascii_only else "⇄ transfer", "accent")
        return state_cell(row.state, ascii_only=ascii_only)

    def bill(row: OrderRow) -> Toned | str:
        return Toned("open", "warning") if row.unpaid_invoice_id else ""

    def auto(row: OrderRow) -> str:
        return f"{row.auto_months} mo" if row.auto_on else "off"

    def discount(row: OrderRow) -> str:
        return "own price" if row.individual_price else f"{row.discount} %" if row.discount not in ("", "0") else ""

    return [
        Column(key="name", title="Order", cell=lambda r: r.name, min_width=LONG_NAME if long_names else 12, max_width=34, flex=3, priority=10, sort_key=attrgetter("name"), search=attrgetter("name")),
        Column(key="state", title="State", cell=state, width=11, priority=8, sort_key=attrgetter("state"), search=attrgetter("state")),
        Column(key="left", title="Time left", cell=left, width=19, priority=9, sort_key=attrgetter("paid_until")),
        Column(key="bill", title="Bill", cell=bill, width=4, priority=5, sort_key=lambda r: r.unpaid_invoice_id or "~"),
        Column(key="price", title="A month", cell=lambda r: cents_text(r.price), width=9, align="right", priority=7, sort_key=attrgetter("price")),
        Column(key="location", title="Loc", cell=lambda r: r.location, width=7, priority=6, sort_key=attrgetter("location"), search=attrgetter("location")),
        Column(key="discount", title="Discount", cell=discount, width=9, align="right", priority=2, sort_key=lambda r: float(r.discount or 0)),
        Column(key="auto", title="Auto", cell=auto, width=5, priority=5, sort_key=lambda r: r.auto_months if r.auto_on else 0),
        Column(key="plan", title="Plan", cell=lambda r: plan(r.plan), min_width=10, max_width=16, priority=4, sort_key=attrgetter("plan"), search=attrgetter("plan")),
        Column(key="tags", title="Tags", cell=lambda r: Toned(tags(r), "accent"), min_width=6, max_width=20, priority=3, sort_key=tags, search=tags),
        Column(key="address", title="Address", cell=lambda r: r.address, min_width=15, max_width=24, priority=1, sort_key=attrgetter("address"), search=attrgetter("address")),
        Column(key="until", title="Paid until", cell=lambda r: date_text(epoch(r.paid_until)), width=10, priority=0, sort_key=attrgetter("paid_until")),
        Column(key="id", title="Id", cell=lambda r: r.id, min_width=6, max_width=14, priority=-1, sort_key=attrgetter("id"), search=attrgetter("id")),
    ]  # fmt: skip


class Promised(NamedTuple):
    """How long is left to pay what was promised, and how that is shown."""

    words: str
    tone: Tone


def promise_words(row: OrderRow, now: int) -> Promised | None:
    """Until when a promise keeps the order active (PRM-5), which is longer than its paid period; ``None`` without one."""
    until = row.promise_until
    if until is None or until <= now:
        return None
    return Promised(f"pay in {left_text(until, now)}", left_tone(until, now) or "accent")


def waiting_for_panel(row: OrderRow, known: Mapping[str, PaidAhead]) -> PaidAhead | None:
    """The renewal of ``row`` that is paid, as long as the order still has the end that it had then."""
    ahead = known.get(row.id)
    ends = epoch(row.paid_until) if row.paid_until is not None else None
    return ahead if ahead is not None and ahead.waits(ends) else None


class Labelled(NamedTuple):
    """A label and what it says."""

    label: str
    value: Content


def labelled(rows: Sequence[Labelled]) -> Content:
    """Labels in one column, values in the next."""
    return Content("\n").join(Content.assemble((f"{row.label:<{LABEL}}", "$muted"), row.value) for row in rows)


def bill_number(store: StoreReader, row: OrderRow) -> str:
    """The number of the order's open invoice, as the list of invoices shows it; empty for none."""
    if not row.unpaid_invoice_id:
        return ""
    invoice = store.invoice_rows([row.unpaid_invoice_id]).get(row.unpaid_invoice_id)
    return invoice.number if invoice is not None else f"id {row.unpaid_invoice_id}"


def order_detail(
    row: OrderRow,
    order: Order | None,
    now: datetime,
    bill: str,
    tags: str = "",
    transfer: TransferRow | None = None,
    ahead: PaidAhead | None = None,
    plan: str = "",
) -> Content:
    """Everything the store knows of an order, and what cannot be done with it and why (ORD-7).

    ``bill`` is the number of its open invoice, or empty; ``tags`` are the person's own; ``transfer`` is the one that
    it is in; ``ahead`` is a renewal that is paid while the panel has not moved the end yet; ``plan`` is its plan's name.
    """
    moment = int(now.timestamp())
    rows = [
        Labelled("State", state_text(row.state)),
        Labelled("Plan", Content(f"{plan or row.plan} in {row.location}")),
        Labelled("Address", Content(row.address or "–")),
        Labelled("Price", Content(f"{cents_text(row.price, row.currency)} a month")),
    ]
    if row.addons:
        rows += addon_rows(row, order)
    if row.individual_price:
        rows.append(Labelled("Discount", Content("none: individual price")))
    elif row.discount not in ("", "0"):
        rows.append(Labelled("Discount", Content(f"{row.discount} % loyalty")))
    if row.paid_until is not None:
        rows.append(Labelled("Paid until", Content(moment_text(epoch(row.paid_until)))))
        rows.append(Labelled("Left", toned(left_text(row.paid_until, moment), left_tone(row.paid_until, moment))))
    if row.promise_until is not None and (promised := promise_words(row, moment)):
        rows.append(Labelled("Promise", toned(f"pay by {moment_text(epoch(row.promise_until))}", promised.tone)))
        rows.append(Labelled("", toned(f"{left_text(row.promise_until, moment)}, active till then", promised.tone)))
    if (gone := deletion(row)) is not None:
        rows.append(Labelled("Deleted", toned(moment_text(epoch(gone)), "bad")))
        soon = f"in {left_text(gone, moment)}" if gone > moment else "at any moment"
        rows.append(Labelled("", toned(f"{soon}, unless renewed", "bad")))
    if ahead is not None:
        rows.append(Labelled("Renewal", toned(f"paid {moment_text(ahead.paid_at)}, waiting for the panel", "accent")))
    auto = f"on, {count_text(row.auto_months, 'month')}" if row.auto_on else "off"
    rows.append(Labelled("Auto-renewal", Content(auto)))
    if row.in_use_since is not None:
        rows.append(Labelled("In use since", Content(date_text(epoch(row.in_use_since)))))
    if bill:
        rows.append(Labelled("Open invoice", toned(f"{bill}  i opens it, p pays it", "warning")))
    if row.transfer_id:
        rows += transfer_rows(row, transfer, moment)
    if order is not None and order.plan_change_ticket_id is not None:
        rows.append(Labelled("Plan change", Content("its ticket is open to read: J goes there")))
    if tags:
        rows.append(Labelled("Tags", toned(tags, "accent")))
    rows.append(Labelled("Id", Content(row.id)))
    parts = [Content.styled(row.name, "bold"), Content(""), labelled(rows)]
    if order is not None and order.more:
        told = [Labelled(str(name)[: LABEL - 1], Content(str(text))) for name, text in order.more.items()]
        parts += [Content(""), Content.styled("Also told by the panel", "$muted"), labelled(told)]
    if order is not None and order.actions:
        parts += [Content(""), actions_content(order.actions)]
    return Content("\n").join(parts)


def transfer_rows(row: OrderRow, transfer: TransferRow | None, now: int) -> list[Labelled]:
    """To whom it is on its way, whose turn it is, and how to get there (TRF-6)."""
    turn = turn_of(transfer) if transfer is not None else None
    if transfer is None or turn is None:
        return [Labelled("Transfer", toned(f"{row.transfer_id}: the order is locked; T opens it", "accent"))]
    until = transfer.expires_at
    left = f", {left_text(until, now)} left" if until is not None and until > now else ""
    return [
        Labelled("Transfer", toned(f"to {transfer.counterparty}", "accent")),
        Labelled("", toned(f"{turn}{left}", "warning" if turn.yours else "accent")),
        Labelled("", Content("locked meanwhile; T opens it")),
    ]


def addon_rows(row: OrderRow, order: Order | None) -> list[Labelled]:
    """Its add-ons, each with its price, and what a month costs with them (ORD-5); without discount (DSC-4)."""
    rows: list[Labelled] = []
    for one in order.addons if order is not None else []:
        price = Content.styled(f"  + {one.monthly_price.amount}", "$muted")
        rows.append(Labelled("" if rows else "Add-ons", Content.assemble(str(one.name), price)))
    together = f"{cents_text(row.price + row.addons, row.currency)} a month with add-ons"
    return [*rows, Labelled("" if rows else "Add-ons", Content(together))]


def actions_content(actions: Sequence[Action]) -> Content:
    """What can be done, and each refused action with its reason."""
    allowed = [str(action.action) for action in actions if action.allowed]
    lines: list[Content] = []
    if allowed:
        lines.append(Content.assemble((f"{'Can do':<{LABEL}}", "$muted"), ", ".join(allowed)))
    reasons: dict[str, list[str]] = {}
    for action in actions:
        if not action.allowed:
            why = str(action.reason or action.code or "refused by the panel")
            if action.available_from is not None:
                why += f" From {moment_text(action.available_from)}."
            reasons.setdefault(why, []).append(str(action.action))
    for why, refused in reasons.items():
        lines.append(Content.assemble((f"{'Cannot':<{LABEL}}", "$muted"), (", ".join(refused), "$faint")))
        lines.append(Content.styled(why, "$text-warning"))
    return Content("\n").join(lines)
