"""Before a push: what goes, what is in the way and how out of it, and what it does to the month (TRF-4, TRF-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.keymap import with_twins
from billtui.screens.left_out import can_be_paid, why_not_deleted
from billtui.screens.modals.dialog import Dialog, Fact, Facts, named
from billtui.screens.supposing import signed
from billtui.services.store import InvoiceRow, OrderRow, TransferRow, money
from billtui.services.transfer_preflight import Blocker, Preflight
from billtui.services.what_if import WhatIf
from billtui.widgets.formats import cents_text, count_text, date_text, epoch
from billtui.widgets.record_table import Column, RecordTable, Toned

What = Literal["push", "recipient", "pay", "delete", "cancel", "renew"]


class PushAnswer(NamedTuple):
    """What is to be done next; ``value`` is the invoice, transfer or order that it is about."""

    what: What
    value: str = ""
    cursor: str | None = None
    """The order under the cursor of what is blocked."""


class BlockedOrder(NamedTuple):
    """An order that cannot go now, with what is in its way (TRF-4)."""

    blocker: Blocker
    invoice: InvoiceRow | None
    transfer: TransferRow | None
    others: int
    """How many other chosen orders the same invoice blocks."""

    @property
    def id(self) -> str:
        """The order's id."""
        return self.blocker.row.id

    @property
    def payable(self) -> bool:
        """Whether paying its invoice takes it away (INV-3)."""
        return can_be_paid(self.invoice)

    @property
    def undeletable(self) -> str | None:
        """Why its invoice cannot be deleted (INV-5); ``None`` if it can."""
        return why_not_deleted(self.invoice)

    @property
    def renewable(self) -> bool:
        """Whether renewing it is the way out: its paid time is over, and nothing bills it yet."""
        return self.blocker.refusal.code == "order-blocked" and self.invoice is None

    @property
    def why(self) -> str:
        """What is in the way, in few words."""
        if self.invoice is not None:
            one = self.invoice
            return f"invoice {one.number}, {cents_text(one.total, one.currency)}, {one.state}"
        if self.transfer is not None:
            return f"on its way to {self.transfer.counterparty} already"
        return {"order-blocked": "blocked", "order-pending": "not paid yet"}.get(self.blocker.refusal.code, "gone")

    @property
    def ways(self) -> str:
        """The ways out, in a sentence or two."""
        if self.invoice is not None:
            return self._out_of_invoice(self.invoice)
        if self.transfer is not None:
            return f"It is on its way to {self.transfer.counterparty}: X cancels that transfer, and it can go."
        if self.renewable:
            return "Its paid time is over: R renews it; once that is paid it can go."
        return f"{self.blocker.refusal.reason} Nothing can be done about it here; the rest can go."

    def _out_of_invoice(self, one: InvoiceRow) -> str:
        if not self.payable:
            return f"Invoice {one.number} is {one.state}: r in the list reads the order anew."
        also = f", and frees {self.others} more" if self.others else ""
        pays = f"p pays invoice {one.number}, {money(one.total, one.currency)}{also}."
        if (refusal := self.undeletable) is not None:
            return f"{pays} D cannot: {refusal}"
        if self.blocker.row.state == "pending":
            return f"{pays} D deletes it, which cancels the order: nothing is left to transfer."
        return f"{pays} D deletes it, and the order can go unrenewed."


def blocked_orders(
    blockers: Iterable[Blocker], invoices: Mapping[str, InvoiceRow], transfers: Mapping[str, TransferRow]
) -> list[BlockedOrder]:
    """What cannot go, as the list shows it; ``invoices`` and ``transfers`` are the copy's, by id."""
    known = list(blockers)
    ids = [one.way.invoice_id for one in known if one.way.invoice_id is not None]
    return [
        BlockedOrder(
            one,
            invoices.get(one.way.invoice_id or ""),
            transfers.get(one.way.transfer_id or ""),
            ids.count(one.way.invoice_id) - 1 if one.way.invoice_id is not None else 0,
        )
        for one in known
    ]


def month_fact(effect: WhatIf, moving: int, what: str, undiscounted: int = 0) -> Fact:
    """What a month costs before and after: ``moving`` cents are ``what`` goes or comes, the rest is the tier's.

    ``undiscounted`` cents come along besides (DSC-4), which ``effect`` does not know of.
    """
    before, after = (cents_text(one, effect.currency) for one in (effect.monthly, effect.monthly_after + undiscounted))
    parts = [f"{signed(moving)} {what}"]
    if undiscounted:
        parts.append(f"{signed(undiscounted)} without discount")
    if effect.staying_difference:
        parts.append(f"{signed(effect.staying_difference)} the others")
    return Fact("Your month", f"{before} → {after} ({', '.join(parts)})", strong=True)


def discount_facts(effect: WhatIf) -> list[Fact]:
    """What the number of services does to the discounts: the kinds for which it changes (DSC-2)."""
    changed = [
        f"{one.kind}: {one.count} → {one.count_after} services, {one.percent} % → {one.percent_after} %"
        for one in effect.tiers
        if one.percent != one.percent_after
    ]
    return [Fact("Discount", words) for words in changed] or [Fact("Discount", "by number of services: unchanged")]


def preflight_facts(found: Preflight, to: str) -> list[Fact]:
    """What a push does, line by line: to whom, how many, the month, the discounts, what goes and what stays."""
    facts = [
        Fact("To", to, strong=True),
        Fact("Orders", f"{len(found.going)} can go, {len(found.blockers)} cannot{_too_soon(found)}"),
    ]
    if found.going:
        own_price = f"; {found.individual} at its own price" if found.individual else ""
        auto = f"; auto-renewal of {found.auto_renewing} is switched off" if found.auto_renewing else ""
        facts += [
            month_fact(found.effect, -found.monthly_going, "what goes"),
            *discount_facts(found.effect),
            Fact("Goes along", f"price, paid time, length of use, add-ons{own_price}"),
            Fact("Stays", f"tickets, paid invoices{auto}"),
        ]
    return facts


def _too_soon(found: Preflight) -> str:
    """How many end, or renew themselves, before a transfer would expire: that cancels it (TRF-6)."""
    return f"; {len(found.ending)} end before it may be done (TRF-6)" if found.ending else ""


class PushDialog(Dialog[PushAnswer]):
    """Answers the next step, or ``None``. Whoever asked looks anew and asks again."""

    CSS_PATH = [Path(__file__).parent / "modals/dialog.tcss", Path(__file__).with_name("push_dialog.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(with_twins(["p"])), "pay", show=False),
        Binding(",".join(with_twins(["D"])), "delete", show=False),
        Binding(",".join(with_twins(["X"])), "cancel_transfer", show=False),
        Binding(",".join(with_twins(["R"])), "renew", show=False),
    ]

    def __init__(
        self,
        found: Preflight,
        blocked: Sequence[BlockedOrder],
        *,
        login: str,
        account_id: str,
        problem: str = "",
        cursor: str | None = None,
        on_blocked: bool = True,
    ) -> None:
        """``problem`` is why the panel took nothing before; ``cursor`` and ``on_blocked`` say where to rest."""
        super().__init__()
        self.title_text = "Before anything is sent"
        self.found = found
        self.blocked = blocked
        self.to = f"{named(login)} (account ID {named(account_id)})"
        self.problem = problem
        self.cursor = cursor
        self.on_blocked = on_blocked and bool(blocked)

    def compose_body(self) -> Iterable[Widget]:
        """Facts, what goes, what cannot and how out of it."""
        yield Facts(preflight_facts(self.found, self.to), id="facts")
        yield Static(Content(self.problem), id="problem", classes="problem shown" if self.problem else "problem")
        if self.found.going:
            going: RecordTable[OrderRow] = RecordTable(
                self._going_columns(), lambda row: row.id, ascii_only=self._ascii, id="going"
            )
            yield going
        if self.blocked:
            table: RecordTable[BlockedOrder] = RecordTable(
                self._blocked_columns(), lambda one: one.id, ascii_only=self._ascii, id="blocked"
            )
            yield table
            yield Static(id="ways")

    def compose_buttons(self) -> Iterable[Widget]:
        """The safe answer first."""
        count = len(self.found.going)
        yield Button("Cancel", id="cancel")
        yield Button("Other recipient", id="recipient")
        rest = f", leave {len(self.blocked)}" if self.blocked and count else ""
        yield Button(Content(f"Push {count_text(count, 'order')}{rest}"), id="push", disabled=not count)

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii_only", False))

    def _going_columns(self) -> list[Column[OrderRow]]:
        ending = {row.id for row in self.found.ending}
        soon = "! " if ending else ""

        def until(row: OrderRow) -> Toned | str:
            words = date_text(epoch(row.paid_until))
            return Toned(f"{soon}{words}", "warning") if row.id in ending else f"{'  ' if soon else ''}{words}"

        def price(row: OrderRow) -> str:
            return cents_text(row.price)

        return [
            Column(key="name", title="Goes", cell=lambda r: r.name, min_width=14, flex=2, priority=9),
            Column(key="plan", title="Plan", cell=lambda r: r.plan, min_width=10, max_width=18, priority=6),
            Column(key="location", title="Loc", cell=lambda r: r.location, width=7, priority=5),
            Column(key="until", title="Paid until", cell=until, width=12 if ending else 10, priority=7),
            Column(key="price", title="List price", cell=price, width=10, align="right", priority=8),
        ]  # fmt: skip

    def _blocked_columns(self) -> list[Column[BlockedOrder]]:
        def why(one: BlockedOrder) -> Toned:
            return Toned(one.why, "warning")

        return [
            Column(key="name", title="Cannot go", cell=lambda o: o.blocker.row.name, min_width=14, flex=2, priority=9),
            Column(key="why", title="Because", cell=why, min_width=24, flex=3, priority=8),
            Column(key="rule", title="Rule", cell=lambda o: o.blocker.refusal.rule, width=6, priority=1),
        ]  # fmt: skip

    def on_mount(self) -> None:
        """Fill the lists; rest on what is in the way, else on going on."""
        self.query_one("#dialog").set_class(bool(self.blocked), "hindered")
        if self.found.going:
            self.query_one("#going", RecordTable).set_rows(self.found.going)
        if self.blocked:
            table = self.query_one("#blocked", RecordTable)
            table.set_rows(self.blocked)
            if self.cursor is not None:
                table.move_cursor_to(self.cursor)
            self._show_ways()
        if self.blocked and (self.on_blocked or not self.found.going):
            self.query_one("#blocked").focus()
        else:
            self.query_one("#push" if self.found.going else "#cancel").focus()

    # --- what is in the way

    @on(RecordTable.CursorMoved, "#blocked")
    def _moved(self) -> None:
        self._show_ways()

    def _hindered(self) -> BlockedOrder | None:
        if not self.blocked:
            return None
        row: BlockedOrder | None = self.query_one("#blocked", RecordTable).cursor_row
        return row

    def _show_ways(self) -> None:
        one = self._hindered()
        self.query_one("#ways", Static).update(Content(one.ways) if one is not None else Content(""))

    def _refuse(self, reason: str) -> None:
        self.query_one("#ways", Static).update(Content.styled(reason, "$text-error"))

    def action_pay(self) -> None:
        """Pay the invoice that is in the way of the order under the cursor."""
        one = self._hindered()
        if one is not None and one.invoice is not None and one.payable:
            self.dismiss(PushAnswer("pay", one.invoice.id, one.id))
        elif one is not None:
            self._refuse(f"No open invoice is in its way. {one.ways}")

    def action_delete(self) -> None:
        """Delete that invoice, where the rules allow it (INV-5)."""
        one = self._hindered()
        if one is not None and one.invoice is not None and one.undeletable is None:
            self.dismiss(PushAnswer("delete", one.invoice.id, one.id))
        elif one is not None:
            self._refuse(one.undeletable or one.ways)

    def action_cancel_transfer(self) -> None:
        """Cancel the transfer that the order under the cursor is in (TRF-3)."""
        one = self._hindered()
        if one is not None and one.transfer is not None:
            self.dismiss(PushAnswer("cancel", one.transfer.id, one.id))
        elif one is not None:
            self._refuse(f"It is in no transfer. {one.ways}")

    def action_renew(self) -> None:
        """Renew the order under the cursor, where that is the way out."""
        one = self._hindered()
        if one is not None and one.renewable:
            self.dismiss(PushAnswer("renew", one.id, one.id))
        elif one is not None:
            self._refuse(f"Renewing is not the way out. {one.ways}")

    @on(Button.Pressed, "#push")
    def push(self) -> None:
        """Go on with what can go."""
        self.dismiss(PushAnswer("push"))

    @on(Button.Pressed, "#recipient")
    def other_recipient(self) -> None:
        """Back to whom."""
        self.dismiss(PushAnswer("recipient"))
