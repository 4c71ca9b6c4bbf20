"""Both purses and every movement of money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from billtui.client.errors import ClientError
from billtui.commands import Command, Scope, handles
from billtui.domain.models import Account, LedgerLine
from billtui.domain.money import Money, parse_amount
from billtui.screens.base import BilltuiScreen
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.prompt import Prompt
from billtui.screens.record_list import AreaList
from billtui.screens.topping_up import positive, top_up
from billtui.services import planner
from billtui.services.executor import JobEvent
from billtui.widgets.formats import moment_text
from billtui.widgets.list_state import ListState
from billtui.widgets.record_table import Column, RecordTable, Toned

PAGE = 200


def _amount(line: LedgerLine) -> Toned:
    sign = "+" if line.amount.amount > 0 else ""
    return Toned(f"{sign}{line.amount}", "good" if line.amount.amount > 0 else "")


class BalanceScreen(BilltuiScreen):
    """Purses above, the ledger below; older lines come when the cursor reaches the end."""

    AREA = "Balance"
    SCOPES = (Scope.BALANCE, Scope.LIST)
    DEFAULT_CSS = """
    BalanceScreen #purses { height: auto; padding: 1 1 1 1; }
    """

    def __init__(self) -> None:
        """Nothing is read before it is shown."""
        super().__init__()
        self.lines: list[LedgerLine] = []
        self._numbers: dict[str, str] = {}
        """Invoice id → number, of the lines shown."""
        self._next: str | None = None
        self._loading = False

    def compose_body(self) -> Iterable[Widget]:
        """Purses and ledger."""
        yield Static(id="purses")
        table: RecordTable[LedgerLine] = RecordTable(
            self.columns(), lambda line: str(line.id), ascii_only=self.billtui.ascii_only, id="table",
            mark_refusal=lambda line: "Movements of money cannot be marked; nothing can be done with them.",
        )  # fmt: skip
        yield AreaList(table, empty="No money has moved yet. t tops the balance up.", id="list")

    def columns(self) -> Sequence[Column[LedgerLine]]:
        """When, how much, which purse, what for."""
        return [
            Column(key="at", title="When", cell=lambda r: moment_text(r.at), width=16, priority=9, sort_key=lambda r: r.at.timestamp()),
            Column(key="amount", title="Amount", cell=_amount, width=15, align="right", apart=True, priority=10, sort_key=lambda r: int(r.amount.amount * 100)),
            Column(key="purse", title="Purse", cell=lambda r: r.purse, width=10, priority=8, sort_key=lambda r: str(r.purse)),
            Column(key="kind", title="Kind", cell=lambda r: r.kind, min_width=10, max_width=20, priority=7, sort_key=lambda r: str(r.kind), search=lambda r: str(r.kind)),
            Column(key="invoice", title="Invoice", cell=self._invoice, min_width=8, max_width=14, priority=5),
            Column(key="note", title="Note", cell=lambda r: str(r.note), min_width=8, priority=3, flex=2),
        ]  # fmt: skip

    def _invoice(self, line: LedgerLine) -> str:
        if line.invoice_id is None:
            return ""
        return self._numbers.get(line.invoice_id.raw, f"id {line.invoice_id}")

    def _show_lines(self, lines: list[LedgerLine]) -> None:
        """Draw ``lines``; their invoices' numbers are looked up once, not while drawing."""
        self.lines = lines
        ids = {line.invoice_id.raw for line in lines if line.invoice_id is not None}
        self._numbers = {key: row.number for key, row in self.session.store.invoice_rows(list(ids)).items()}
        self.table.set_rows(lines)

    @property
    def table(self) -> RecordTable[LedgerLine]:
        """The ledger."""
        table: RecordTable[LedgerLine] = self.query_one("#table", RecordTable)
        return table

    def on_mount(self) -> None:
        """Purses from the store, the ledger from the panel."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.query_one("#list", ListState).focus_list()

    def reload(self) -> None:
        """Purses at once, then the newest lines."""
        account = self.session.account
        self.query_one("#purses", Static).update(_purses(account) if account else Content("Nobody is signed in yet."))
        self.guarded(self._load())

    async def _load(self) -> None:
        state = self.query_one("#list", ListState)
        if self.session.account is None:
            state.show_empty("Sign in to see the movements of money.")
            return
        if why := self.session.unavailable("balance.ledger"):
            state.show_empty(why)
            return
        try:
            page = await self.session.ledger(limit=PAGE)
        except ClientError as error:
            state.show_error(str(error))
            return
        self._next = page.next_cursor
        self._show_lines(list(page.items))
        state.show_rows()

    @on(RecordTable.CursorMoved)
    def older(self) -> None:
        """At the end, the next page."""
        if self._next and not self._loading and self.table.cursor_position >= len(self.lines) - 20:
            self._loading = True
            self.guarded(self._load_older())

    async def _load_older(self) -> None:
        try:
            page = await self.session.ledger(limit=PAGE, cursor=self._next)
            self._next = page.next_cursor
            self._show_lines([*self.lines, *page.items])
        finally:
            self._loading = False

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """The purses, and the newest lines."""
        super().refresh_from_panel()
        self.guarded(self._load())

    def job_moved(self, event: JobEvent) -> None:
        """A job may have moved money."""
        if event.done:
            self.reload_if_changed(force=True)

    def refusal_of(self, command: Command) -> str | None:
        """Moving needs affiliate money."""
        if refusal := super().refusal_of(command):
            return refusal
        account = self.session.account
        if command.scope is Scope.BALANCE and account is None:
            return "Sign in first."
        if command.id == "balance.move" and account is not None and not account.balances.affiliate.amount:
            return "There is no affiliate money to move (ACC-4)."
        return None

    @handles("balance.top_up")
    async def top_up(self) -> None:
        """Ask how much and how, confirm, then show where to pay."""
        await top_up(self.billtui)

    @handles("balance.move")
    async def move(self) -> None:
        """Move affiliate money to the internal balance; there is no way back."""
        account = signed_in_account(self.billtui)
        most = account.balances.affiliate

        def check(text: str) -> str | None:
            if problem := positive(text):
                return problem
            if parse_amount(text) > most.amount:
                return f"The affiliate balance holds {most}; type that or less."
            return None

        text = await self.app.push_screen_wait(
            Prompt(
                "Move affiliate money",
                label=f"How much of {most}?",
                value=f"{most.amount:.2f}",
                button="Go on",
                check=check,
                note="Moved money cannot be moved back.",
            )
        )
        if text is None:
            return
        amount = Money(parse_amount(text), account.currency)
        plan = planner.move(account, amount, busy=busy_targets(self.billtui), profile=self.billtui.profile.name)
        purses = account.balances
        facts = [
            Fact("From", f"affiliate: {purses.affiliate} → {purses.affiliate - amount}"),
            Fact("To", f"internal: {purses.internal} → {purses.internal + amount}"),
        ]
        await confirm_and_submit(self.billtui, plan, button=f"Move {amount}", facts=facts, note="There is no way back.")


def _purses(account: Account) -> Content:
    """A second purse that the panel does not know is not shown as empty (ACC-4), and none at all is said."""
    if not account.purses:
        return Content.styled("This account has no balance on this panel.", "$muted")
    internal = Content.assemble(
        ("Internal   ", "$muted"),
        (f"{account.balances.internal!s:>16}", "bold"),
        ("   pays invoices and auto-renewal", "$muted"),
    )
    if account.balances.credit is not None:
        internal = Content.assemble(
            internal,
            "\n",
            ("Credit     ", "$muted"),
            (f"{account.balances.credit!s:>16}", "bold"),
            ("   lent by the provider; no money of yours, not counted", "$muted"),
        )
    if account.affiliate is None:
        return internal
    return Content.assemble(
        internal,
        "\n",
        ("Affiliate  ", "$muted"),
        (f"{account.affiliate!s:>16}", "bold"),
        ("   a purse of its own, never added to the other", "$muted"),
    )
