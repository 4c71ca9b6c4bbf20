"""The account: who you are, what you hold, what loyalty gives, and what guards it all (ACC)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from textual import on
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.domain.models import Account
from billtui.domain.policy import Policy
from billtui.screens.account_view import Line, account_lines, loyalty_rows
from billtui.screens.base import BilltuiScreen
from billtui.screens.changing_password import change_password
from billtui.screens.flows import signed_in_account
from billtui.screens.forecast_desk import Desk
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.second_factor import care_for_second_factor
from billtui.services.account_care import session_needed
from billtui.services.executor import JobEvent
from billtui.services.loyalty import Loyalty, loyalty_from
from billtui.services.loyalty_words import UNKNOWN
from billtui.services.panel_ways import panel_words
from billtui.services.store import StoreReader
from billtui.widgets.choices import Choices

LABEL = 20
GUARDED = frozenset({"account.password", "account.second_factor", "account.keys", "account.sessions"})
"""What an API key cannot touch (ACC-5)."""
HIGH = 30
"""From so many rows on a blank line stands between the parts."""
RULES_NOTE = "Worked out by the rules from the local copy; a quote of the panel is what counts when buying."


class LoyaltyDesk(Desk[Loyalty | None]):
    """Loyalty, worked out beside the loop where there are many orders."""

    def __init__(self) -> None:
        """Good until the copy changes, or for a quarter of an hour."""
        super().__init__(_loyalty)


def _loyalty(store: StoreReader, now: datetime, _clock: datetime, _days: int, policy: Policy) -> Loyalty | None:
    return loyalty_from(store, now, policy=policy) if policy.loyalty else None


class AccountScreen(BilltuiScreen):
    """A line for each thing; ``enter`` does what the line is for, and below stands what it means."""

    AREA = "Account"
    SCOPES = (Scope.ACCOUNT,)
    DEFAULT_CSS = """
    AccountScreen #lines {
        width: 1fr; height: 1fr; border: none; padding: 0 1; background: $background; scrollbar-size-vertical: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    AccountScreen #lines:focus { border: none; }
    AccountScreen #about { height: 2; padding: 0 1; background: $surface; color: $muted; }
    """

    def __init__(self) -> None:
        """Nothing is worked out yet."""
        super().__init__()
        self.desk = LoyaltyDesk()
        self.loyalty: Loyalty | None = None
        self.lines: dict[str, Line] = {}
        self._working = False
        self._drawn: object = None
        """What the lines say and whether they can be used, as they stand on the screen."""

    def compose_body(self) -> Iterable[Widget]:
        """The lines, and what the one under the cursor means."""
        yield Choices(id="lines")
        yield Static(id="about")

    def on_mount(self) -> None:
        """From the copy at once."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.query_one("#lines").focus()

    def on_resize(self, event: Resize) -> None:
        """Room for blank lines comes and goes."""
        if (event.size.height >= HIGH) != self.has_class("high"):
            self.set_class(event.size.height >= HIGH, "high")
            self._draw()

    def begin_anew(self) -> None:
        """Another account: nothing worked out holds."""
        self.loyalty = None
        self.desk = LoyaltyDesk()

    # --- data

    def reload(self) -> None:
        """What is known now; loyalty at once for few orders, else when it is worked out."""
        session = self.session
        if session.account is not None:
            if self.desk.is_quick(session):
                self.loyalty = self.desk.now(session, 0)
            elif not self._working and not self.desk.is_fresh(session, 0):
                self._working = True
                self.guarded(self._work_out())
        self._draw()
        self.refresh_keys()

    async def _work_out(self) -> None:
        try:
            self.loyalty = await self.desk.later(self.session, 0)
        finally:
            self._working = False
        if self.is_attached and not self.session.closed:
            self._draw()

    def job_moved(self, event: JobEvent) -> None:
        """A job may have moved money, or changed a setting."""
        if event.done:
            self.reload_if_changed(force=True)

    # --- drawing

    def _draw(self) -> None:
        options = self.query_one("#lines", OptionList)
        before = options.highlighted_option.id if options.highlighted_option else None
        account = self.session.account
        if account is None:
            self.lines, self._drawn = {}, None
            options.clear_options()
            options.add_option(Option(Content.styled("Nobody is signed in yet.", "$muted"), disabled=True))
            self._explain()
            return
        panel = panel_words(str(account.panel_name), self.billtui.profile.url)
        loyalty = self.loyalty if self.session.traits.loyalty else UNKNOWN
        lines = account_lines(account, panel, loyalty, working=self._working)
        drawn = (lines, [self._refusal(line) for line in lines], self.has_class("high"))
        if drawn == self._drawn and options.option_count:
            return  # on a thin line, what stands still costs nothing
        self._drawn = drawn
        self.lines = {line.id: line for line in lines if line.id}
        options.clear_options()
        options.add_options(self._options(lines))
        wanted = before if before in self.lines else lines[1].id
        options.highlighted = options.get_option_index(wanted)
        self._explain()

    def _options(self, lines: list[Line]) -> list[Option]:
        found: list[Option] = []
        for line in lines:
            if line.id:
                refused = self._refusal(line) is not None
                text = Content.assemble(
                    (f"  {line.label:<{LABEL}}", "$muted"), (line.value, "$faint" if refused else "")
                )
                found.append(Option(text, id=line.id))
                continue
            if found and self.has_class("high"):
                found.append(Option(Content(""), disabled=True))
            found.append(Option(Content.styled(line.label, "bold $text-accent"), disabled=True))
        return found

    def _refusal(self, line: Line) -> str | None:
        """Why what the line is for cannot be done; nothing where it only copies or shows."""
        return self.refusal_of(COMMANDS[line.command]) if line.command else None

    @on(OptionList.OptionHighlighted, "#lines")
    def _explain(self) -> None:
        """What the line under the cursor means, or why it cannot be used."""
        line = self._line()
        about = self.query_one("#about", Static)
        if line is None:
            about.update(Content(""))
        elif refusal := self._refusal(line):
            about.update(Content.styled(refusal, "$text-warning"))
        else:
            about.update(Content(line.about))

    def _line(self) -> Line | None:
        option = self.query_one("#lines", OptionList).highlighted_option
        return self.lines.get(option.id or "") if option is not None else None

    @on(OptionList.OptionSelected, "#lines")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Do what the line is for."""
        event.stop()
        line = self.lines.get(event.option.id or "")
        if line is not None and line.command:
            self.run_command(COMMANDS[line.command])

    # --- commands

    def refusal_of(self, command: Command) -> str | None:
        """Nobody's account has nothing; an API key cannot touch what guards it (ACC-5)."""
        if command.scope is Scope.ACCOUNT and self.session.account is None:
            return "Sign in first: 6 Settings, Session."
        if command.id in GUARDED and (reason := session_needed(self.session.account)):
            return reason
        return super().refusal_of(command)

    def _account(self) -> Account:
        return signed_in_account(self.billtui)

    @handles("account.copy_id")
    def copy_id(self) -> None:
        """The account ID."""
        self.billtui.copy(str(self._account().account_id))

    @handles("account.copy_login")
    def copy_login(self) -> None:
        """The login."""
        self.billtui.copy(str(self._account().login))

    @handles("account.copy_email")
    def copy_email(self) -> None:
        """The primary e-mail."""
        self.billtui.copy(str(self._account().email))

    @handles("account.copy")
    def copy_line(self) -> None:
        """What stands under the cursor."""
        line = self._line()
        if line is None or not line.copy:
            self.billtui.say("There is nothing to copy on this line.", "warning")
        else:
            self.billtui.copy(line.copy)

    @handles("account.ledger")
    def show_ledger(self) -> None:
        """Go to the balance."""
        self.billtui.go_balance()

    @handles("account.loyalty")
    def show_loyalty(self) -> None:
        """All of it, by length of use too."""
        if not self.session.traits.loyalty:
            self.billtui.say(UNKNOWN)
            return
        if self.loyalty is None:
            self.billtui.say("It is being worked out; try again in a moment.")
            return
        rows = loyalty_rows(self.loyalty)
        body = Content("\n").join(Content.assemble((f"{label:<14}", "$muted"), words) for label, words in rows)
        self.app.push_screen(MessageDialog("Loyalty discounts (DSC)", body, note=RULES_NOTE))

    @handles("account.password")
    async def change_password(self) -> None:
        """Another password."""
        await change_password(self.billtui)

    @handles("account.second_factor")
    async def second_factor(self) -> None:
        """On, new codes, off."""
        await care_for_second_factor(self.billtui)

    @handles("account.keys")
    def show_keys(self) -> None:
        """The list of keys."""
        from billtui.screens.api_keys import ApiKeysScreen

        self.app.push_screen(ApiKeysScreen())

    @handles("account.sessions")
    def show_sessions(self) -> None:
        """The list of sessions."""
        from billtui.screens.sessions import SessionsScreen

        self.app.push_screen(SessionsScreen())

    @handles("account.notifications")
    def show_notifications(self) -> None:
        """The matrix."""
        from billtui.screens.notifications import NotificationsScreen

        self.app.push_screen(NotificationsScreen())
