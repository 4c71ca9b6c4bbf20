"""All accounts: unpaid invoices and orders that run out, of every profile, in one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.accounts_bulk import pay_on_accounts, renew_on_accounts
from billtui.screens.accounts_view import (
    account_columns,
    account_detail,
    account_row,
    marked_words,
    needs_attention,
    standing_words,
    within,
)
from billtui.screens.command_text import accounts_line
from billtui.screens.list_screen import ListScreen, View
from billtui.services.accounts import AccountRow, AccountsDesk, AccountState, Kind
from billtui.services.accounts.copies import FIRST_ORDERS
from billtui.widgets.formats import count_text
from billtui.widgets.record_table import Column

ALL = "all"
VIEWS = (
    View(ALL, "All accounts: unpaid, ended, ending in 30 days", lambda row, now: True),
    View("invoices", "Unpaid invoices", lambda row, now: row.kind is Kind.INVOICE),
    View("ends-3", "Ended or ending in 3 days", within(3)),
    View("ends-7", "Ended or ending in 7 days", within(7)),
    View("blocked", "Blocked", lambda row, now: row.state == "blocked"),
    View("auto-off", "Ending without auto-renewal", lambda row, now: row.kind is Kind.ORDER and not row.auto),
    View("accounts", "The accounts themselves", lambda row, now: row.kind is Kind.ACCOUNT),
)


class AccountsScreen(ListScreen[AccountRow]):
    """One list over all profiles; from the copies at once, then as each account answers."""

    AREA = "All accounts"
    SCOPES = (Scope.ACCOUNTS, Scope.LIST)
    LIST_NAME: ClassVar[str] = "accounts"
    NOUN = "line"
    VIEWS = VIEWS
    EMPTY = "No account has an unpaid invoice, and no order ends within 30 days."
    SORT = ("when", False)

    def __init__(self) -> None:
        """The copies are read when it is mounted."""
        super().__init__()
        self._accents: dict[str, str | None] = {}
        self._locked: set[str] = set()
        """Read-only profiles: nothing of theirs can be marked."""
        self._redraw = False
        self._seen_main: tuple[Path | None, int] | None = None
        """In which state the open profile's own copy was read."""

    @property
    def desk(self) -> AccountsDesk:
        """The accounts and their sessions; the shell's, so that what was confirmed outlives this screen."""
        return self.billtui.accounts

    def on_mount(self) -> None:
        """The copies at once; the panels are asked in the background."""
        app = self.billtui
        profiles = app.roster.beside(app.profile)
        self._accents |= {profile.name: profile.accent for profile in profiles}
        started_so = self.session.read_only and not app.profile.read_only  # with --read-only, and so every session
        self._locked = {profile.name for profile in profiles if started_so or profile.read_only}
        self.desk.read(profiles, (app.profile, app.session), most=FIRST_ORDERS)
        self._seen_main = (self.session.store.path, self.session.store.generation())
        super().on_mount()
        self.call_after_refresh(self.refresh_accounts)  # the copies are drawn before anybody is asked

    def on_unmount(self) -> None:
        """Sessions with nothing to do end."""
        self.app.run_worker(self.billtui.boundary(self.desk.release()), group="profiles", exit_on_error=False)

    @handles("app.refresh")
    def refresh_accounts(self) -> None:
        """Ask every panel for what changed; the rows stay meanwhile."""
        self.run_worker(self.billtui.boundary(self._read_on()), group="accounts", exclusive=True, exit_on_error=False)

    async def _read_on(self) -> None:
        await self.desk.read_rest()
        await self.desk.refresh()

    # --- rows

    def columns(self) -> Sequence[Column[AccountRow]]:
        """When, whose, what, how much."""
        return account_columns(
            lambda: self._now_epoch,
            self._accents,
            sixteen=lambda: self.app.current_theme.ansi,
            ascii_only=self.billtui.ascii_only,
        )

    def row_id(self, row: AccountRow) -> str:
        """Profile, kind and id together."""
        return row.key

    def load_rows(self) -> Sequence[AccountRow]:
        """The accounts themselves, then what each owes and what ends."""
        return [*map(account_row, self.desk.lines), *self.desk.rows()]

    def view_predicate(self) -> Callable[[AccountRow], bool] | None:
        """In the list of everything only those accounts stand by themselves that somebody has to look at."""
        if self.view is None or self.view.id != ALL:
            return super().view_predicate()
        shown = {line.profile.name for line in self.desk.lines if needs_attention(line)}
        return lambda row: row.kind is not Kind.ACCOUNT or row.profile in shown

    def reload(self) -> None:
        """Rows anew; what the open profile's own session brought is in its copy."""
        if self._seen_main != (now := self._seen):
            self._seen_main = now
            self.desk.read_again(self.billtui.profile.name, quietly=True)
        super().reload()
        self._settle_marks()

    def _settle_marks(self) -> None:
        """What is paid or renewed meanwhile is not marked any more, and that is said."""
        gone = self.table.settle_marks()
        if gone and self.is_current:
            self.billtui.say(f"{count_text(len(gone), 'marked line')} not there any more: unmarked.", "warning")

    def account_changed(self, _name: str) -> None:
        """An account answered: several that do so together are drawn once."""
        if not self._redraw:
            self._redraw = True
            self.call_after_refresh(self._draw_changes)

    def _draw_changes(self) -> None:
        self._redraw = False
        if self.is_mounted and not self.session.closed:
            self.table.set_rows(self.load_rows())
            self._settle_marks()
            self._apply_view()
            self._show_state()
            self._show_around()
            self.refresh_keys()

    def _show_state(self) -> None:
        table = self.table
        if table.row_count:
            self.list_state.show_rows()
        elif self.table.filter_words or (self.view is not None and self.view.id != ALL):
            self.list_state.show_empty("No line fits this view and filter. / changes the filter, v the view.")
        elif any(line.state is AccountState.REFRESHING for line in self.desk.lines):
            self.list_state.show_loading()
        else:
            self.list_state.show_empty()

    def mark_refusal(self, row: AccountRow) -> str | None:
        """An account is no thing to pay or renew, and through a read-only profile nothing is changed."""
        if row.kind is Kind.ACCOUNT:
            return "an account; mark its invoices or orders"
        if row.profile in self._locked:
            return f"of {row.profile}, which is read-only"
        return row.refusal or None

    def summary(self, rows: Sequence[AccountRow], marked: Sequence[AccountRow]) -> Content:
        """What the marks come to, for each account and currency by itself; else how the accounts stand."""
        return marked_words(marked) if marked else Content.assemble(" ", standing_words(self.desk.lines))

    def detail(self, row: AccountRow) -> Content:
        """The account beside the list."""
        return account_detail(self.desk.line(row.profile), row, self._now_epoch, sixteen=self.app.current_theme.ansi)

    def open_row(self, row_id: str) -> None:
        """Switch to the profile of the line and open what it names."""
        row = self.table.row_of(row_id)
        if row is not None:
            self.billtui.open_in(row.profile, row.kind, row.id)

    # --- commands

    def refusal_of(self, command: Command) -> str | None:
        """Each row's own profile decides, not the one that happens to be open."""
        if command.scope is not Scope.ACCOUNTS:
            return super().refusal_of(command)
        rows = self.chosen_rows()
        if not rows:
            return self._nothing_chosen()
        if not command.writes:
            return None
        kind = Kind.INVOICE if command.id == "accounts.pay" else Kind.ORDER
        own = [row for row in rows if row.kind is kind]
        if not own:
            return f"There is no {kind} among what is chosen. v shows other views, space marks."
        if all(row.profile in self._locked for row in own):
            return f"{own[0].profile} is read-only: nothing is changed through it."
        if len(own) == 1 and own[0].refusal:
            return f"{own[0].title} is {own[0].refusal}."
        return None

    @handles("accounts.pay")
    async def pay(self) -> None:
        """Pay the chosen invoices, a plan for each account."""
        await pay_on_accounts(self.billtui, self.desk, self.chosen_rows(), self.unmark)

    @handles("accounts.renew")
    async def renew(self) -> None:
        """Renew the chosen orders, a plan for each account."""
        await renew_on_accounts(self.billtui, self.desk, self.chosen_rows(), self.unmark)

    @handles("accounts.switch")
    def switch(self) -> None:
        """Open the profile of the line."""
        row = self.table.cursor_row
        if row is None:
            return
        if row.profile == self.billtui.profile.name:
            self.billtui.say(f"{row.profile} is open already.")
        else:
            self.billtui.open_in(row.profile, Kind.ACCOUNT, "")

    @handles("accounts.sign_in")
    async def unlock(self) -> None:
        """Ask for the passphrase of this account's sign-in, then refresh it."""
        row = self.table.cursor_row
        if row is None:
            return
        line = self.desk.line(row.profile)
        if line.state is AccountState.PASSPHRASE:
            app, profile = self.billtui, line.profile
            await self.desk.refresh([row.profile], lambda purpose, why: app.ask_passphrase(purpose, why, profile))
        elif line.state is AccountState.SIGN_IN:
            self.billtui.say(f"{row.profile} has no sign-in here: x switches to it, and asks for login and password.")
        else:
            self.billtui.say(f"{row.profile} needs no passphrase; r asks every panel anew.")

    @handles("list.copy_command")
    def copy_command(self) -> None:
        """The command line that pays or renews what is chosen."""
        rows = [row for row in self.chosen_rows() if row.kind is not Kind.ACCOUNT]
        if not rows:
            self.billtui.copy("billtui accounts")
            return
        kind = rows[0].kind
        references = [f"{row.profile}:id:{row.id}" for row in rows if row.kind is kind]
        self.billtui.copy(accounts_line(kind is Kind.INVOICE, references))
