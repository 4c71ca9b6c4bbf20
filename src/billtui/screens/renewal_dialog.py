"""The price of a renewal of any size: every line, what is left out with its way out, a promo code, how to pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from billtui.domain.models import Account, QuoteLine, RenewalRequest
from billtui.domain.money import group_digits
from billtui.keymap import with_twins
from billtui.screens.explaining import explained
from billtui.screens.left_out import LeftOutOrder, left_out_columns
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.modals.dialog import Dialog, Fact, Facts
from billtui.screens.quoting import UNPAID, payment_choices
from billtui.services.offers import Offer
from billtui.widgets.choices import Choices
from billtui.widgets.formats import date_text, moment_text, percent_text
from billtui.widgets.record_table import Column, RecordTable

What = Literal["method", "pay", "delete", "promo"]


class RenewalAnswer(NamedTuple):
    """What is to be done next: pay by a ``method``, ``pay`` or ``delete`` an invoice, try a ``promo`` code."""

    what: What
    value: str
    """The method, the invoice's id, or the code (empty: none)."""
    cursor: str | None = None
    """The order under the cursor of the list of those left out."""


class RenewalDialog(Dialog[RenewalAnswer]):
    """Answers the next step, or ``None``. Whoever asked takes the price anew and asks again."""

    CSS_PATH = Path(__file__).with_name("renewal_dialog.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(with_twins(["p"])), "pay", show=False),
        Binding(",".join(with_twins(["D"])), "delete", show=False),
        Binding(",".join(with_twins(["c"])), "code", show=False),
        Binding(",".join(with_twins(["e"])), "explain", show=False),
    ]

    def __init__(
        self,
        offer: Offer[RenewalRequest],
        account: Account,
        left_out: Sequence[LeftOutOrder],
        *,
        names: Mapping[str, str],
        code: str = "",
        problem: str = "",
        cursor: str | None = None,
        on_left_out: bool = False,
        by_itself: str = "",
        no_code: str = "",
    ) -> None:
        """``names`` are the orders', by id. ``code`` stands in the field; ``problem`` says why it fails (DSC-6),
        ``no_code`` why the panel takes none at all.

        ``cursor`` and ``on_left_out`` say where to rest; ``by_itself`` is as in :func:`payment_choices`.
        """
        super().__init__()
        self.title_text = "The price of this renewal"
        self.offer = offer
        self.account = account
        self.lines = offer.lines
        self.left_out = left_out
        self.names = names
        self.code = code
        self.problem = problem
        self.no_code = no_code
        self.cursor = cursor
        self.on_left_out = on_left_out and bool(left_out)
        self.by_itself = by_itself

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """Total first; lines, what is left out, and the ways to pay."""
        offer = self.offer
        requests = len([one for one in offer.quotes if one.lines])
        several = f" · {requests} requests, an invoice each (BLK-7)" if requests > 1 else ""
        yield Facts(
            [
                Fact("Total", str(offer.total), strong=True),
                Fact("Orders", f"{len(self.lines)} in, {len(self.left_out)} left out{several}"),
                Fact("Holds until", moment_text(offer.expires_at)),
            ],
            id="facts",
        )
        with Horizontal(id="promo-row"):
            yield Static(Content("Promo code"), id="promo-label")
            field = Input(self.code, placeholder="c types one", id="promo")
            field.disabled, field.display = bool(self.no_code), not self.no_code
            field.cursor_blink = False
            yield field
            yield Static(Content(self.problem or self._code_text()), id="promo-text")
        lines: RecordTable[QuoteLine] = RecordTable(
            self._columns(), lambda line: str(line.order_id or line.title), ascii_only=self._ascii, id="lines"
        )
        yield lines
        if self.left_out:
            table: RecordTable[LeftOutOrder] = RecordTable(
                left_out_columns(), lambda one: one.order_id, ascii_only=self._ascii, id="left-out-orders"
            )
            yield table
            yield Static(id="ways")
        yield Choices(*(ChoiceDialog.option(choice) for choice in self._choices()), id="choices")

    def compose_buttons(self) -> Iterable[Widget]:
        """Choosing is ``enter`` in the list."""
        ways = " · p, D free what is left out" if self.left_out else ""
        yield Static(Content.styled(f"enter chooses · tab lists{ways} · c code · e why", "$muted"), id="hint")

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii_only", False))

    def on_mount(self) -> None:
        """Fill the lists; rest on the first way to pay that works, or on what is left out."""
        self.query_one("#dialog").set_class(bool(self.left_out), "blocked")
        self.query_one("#lines", RecordTable).set_rows(self.lines)
        options = self.query_one("#choices", OptionList)
        free = [choice.id for choice in self._choices() if not choice.refusal]
        if free:
            options.highlighted = options.get_option_index(free[0])
        options.focus()
        if self.left_out:
            table = self.query_one("#left-out-orders", RecordTable)
            table.set_rows(self.left_out)
            if self.cursor is not None:
                table.move_cursor_to(self.cursor)
            if self.on_left_out or not free:
                table.focus()
            self._show_ways()
        if self.problem:
            self.query_one("#promo-row").add_class("refused")
            self.query_one("#promo", Input).focus()

    def _columns(self) -> list[Column[QuoteLine]]:
        def off(line: QuoteLine) -> str:
            percent = sum((one.percent for one in line.discounts), start=line.amount.amount * 0)
            return f"−{percent_text(percent)}" if percent else ""

        def title(line: QuoteLine) -> str:
            return self.names.get(str(line.order_id), str(line.title))

        def listed(line: QuoteLine) -> str:
            return group_digits(line.list_price.amount)

        def amount(line: QuoteLine) -> str:
            return group_digits(line.amount.amount)

        def end(line: QuoteLine) -> str:
            return date_text(line.new_paid_until)

        return [
            Column(key="title", title="Order", cell=title, min_width=14, flex=2, priority=9),
            Column(key="list", title="List price", cell=listed, width=11, align="right", priority=5),
            Column(key="off", title="Discount", cell=off, width=8, align="right", priority=6),
            Column(key="amount", title="Amount", cell=amount, width=11, align="right", apart=True, priority=8),
            Column(key="end", title="Paid until", cell=end, width=10, priority=7),
        ]  # fmt: skip

    def _code_text(self) -> str:
        if self.no_code:
            return "none is taken from here: c says why"
        promo = next((quote.promo for quote in self.offer.quotes if quote.promo is not None), None)
        if promo is None or not self.code:
            return ""
        used = sum(1 for line in self.lines if any(str(promo.code) in str(one.name) for one in line.discounts))
        return f"{percent_text(promo.percent)} off; better than loyalty on {used} of {len(self.lines)} lines (DSC-7)"

    def _choices(self) -> list[Choice]:
        if not self.lines:
            return [
                Choice(UNPAID, "Nothing to renew", refusal="Everything chosen is left out; the reasons stand above.")
            ]
        return payment_choices(
            self.account,
            self.offer.total,
            unpaid_detail="Pay it later by any method; only payment renews (REN-1)",
            by_itself=self.by_itself,
        )

    # --- what is left out

    @on(RecordTable.CursorMoved, "#left-out-orders")
    def _moved(self) -> None:
        self._show_ways()

    def _blocked(self) -> LeftOutOrder | None:
        if not self.left_out:
            return None
        row: LeftOutOrder | None = self.query_one("#left-out-orders", RecordTable).cursor_row
        return row

    def _show_ways(self) -> None:
        one = self._blocked()
        text = Content("")
        if one is not None:
            text = Content(one.ways) if one.invoice is not None else Content.styled(one.reason, "$text-warning")
        self.query_one("#ways", Static).update(text)

    def action_pay(self) -> None:
        """Pay the invoice that blocks the order under the cursor."""
        one = self._blocked()
        if one is None:
            return
        if one.invoice is not None and one.payable:
            self.dismiss(RenewalAnswer("pay", one.invoice.id, one.order_id))
        else:
            self._refuse(one.ways)

    def action_delete(self) -> None:
        """Delete that invoice, where the rules allow it (INV-5)."""
        one = self._blocked()
        if one is None:
            return
        if one.invoice is None or one.undeletable is not None:
            self._refuse(one.undeletable or one.ways)
        else:
            self.dismiss(RenewalAnswer("delete", one.invoice.id, one.order_id))

    def _refuse(self, reason: str) -> None:
        self.query_one("#ways", Static).update(Content.styled(reason, "$text-error"))

    # --- code, explanation, payment

    def action_code(self) -> None:
        """Type a promo code, or say why none is taken."""
        if self.no_code:
            self.query_one("#promo-row").add_class("refused")
            self.query_one("#promo-text", Static).update(Content(self.no_code))
            return
        self.query_one("#promo", Input).focus()

    @on(Input.Submitted, "#promo")
    def _code_typed(self, event: Input.Submitted) -> None:
        event.stop()
        code = event.value.strip()
        if code == self.code and self.problem:  # the panel has just said no to it
            words = f"Not asked again: change it, or empty it to go on without. {self.problem}"
            self.query_one("#promo-text", Static).update(Content(words))
        elif code == self.code:
            self.query_one("#choices", OptionList).focus()
        else:
            self.dismiss(RenewalAnswer("promo", code))

    @on(RecordTable.RowOpened, "#lines")
    def action_explain(self) -> None:
        """Why the line under the cursor costs what it costs (DSC-8)."""
        line: QuoteLine | None = self.query_one("#lines", RecordTable).cursor_row
        if line is not None:
            note = "Promo and loyalty do not stack: each line takes the better one."
            self.app.push_screen(MessageDialog(f"Why {line.amount}", explained(line), note=note))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer how to pay."""
        event.stop()
        self.dismiss(RenewalAnswer("method", str(event.option.id)))
