"""What the session tells, brought to the screens; and the lines around every screen."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches
from textual.message import Message
from textual.timer import Timer

from billtui.domain.safetext import clean
from billtui.services.session_events import (
    AccountChanged,
    ConnectionChanged,
    ConnectionState,
    JobChanged,
    JobsRecovered,
    JournalTrouble,
    PanelMistake,
    SessionEvent,
    SignInNeeded,
    StoreChanged,
    StoreRebuilt,
    StoreTrouble,
    SyncProgress,
    Unforeseen,
)
from billtui.shell_plans import PlansOnTheirWay
from billtui.widgets.formats import age_text
from billtui.widgets.outbox import Outbox
from billtui.widgets.top_bar import AreaBar, Place, TopBar

if TYPE_CHECKING:
    from billtui.screens.base import BilltuiScreen
    from billtui.services.session import Session

SOON = 0.1
"""Seconds from a change of the store to its being drawn, at least."""
LARGE = 0.05
"""A reload that takes longer, in seconds, has read a large list."""
LOADING_SHARE = 100
WHOLE_SHARE = 5
"""Of so many parts of the time one at most goes into reading screens anew: while the first copy is being made, and
later. What comes in by the thousand is a number that grows; whoever types meanwhile should not feel it (P-SYNC)."""
LONGEST_PAUSE = 10.0
"""Seconds for which a growing list stands still at most."""
LATELY = 3.0
"""Seconds within which somebody types on without having seen what came up."""
BEHIND = "What was typed in the last seconds went to what is behind this, not into it."


def pause_before_reload(took: float, *, complete: bool) -> float:
    """Seconds to wait, where the last reload took ``took``; ``complete``: whether every list was loaded once."""
    share = WHOLE_SHARE if complete else LOADING_SHARE
    return max(SOON, min((share - 1) * took, LONGEST_PAUSE))


class SessionNews(Message):
    """Something the session told, brought over to the interface's thread."""

    def __init__(self, event: SessionEvent, session: Session) -> None:
        """Carry ``event`` of ``session``."""
        super().__init__()
        self.event = event
        self.session = session


class News(PlansOnTheirWay):
    """The part of the shell that listens to the session."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        super().__init__()
        self._connection = ConnectionChanged(ConnectionState.CONNECTING)
        self._signing_in = False
        self._waiting_for_sign_in: list[asyncio.Future[None]] = []
        self._reload_timer: Timer | None = None
        self._reload_when_complete = False
        self._reload_took = 0.0

    def on_session_news(self, news: SessionNews) -> None:
        """Bring news of the session to the screens; what an ended one still tells is of no use."""
        if news.session is not self.session or self.session.closed:
            return
        try:
            self._hear(news.event)
        except Exception as error:  # noqa: BLE001 - the boundary: the journal or the copy may fail while it is read
            self.report(error)
        self.dress_all()

    def _hear(self, event: SessionEvent) -> None:
        from billtui.screens.jobs_news import recovered_lines, skew_text

        if isinstance(event, StoreChanged):
            self._reload_soon()
        elif isinstance(event, SyncProgress):
            if event.done:
                self._reload_soon()  # whatever was told last: what stood still while it grew is whole now
        elif isinstance(event, AccountChanged):
            self._reload_all(force=event.store_replaced)
            self.show_first_area()
            if not self.is_asked_for:
                self.started()
        elif isinstance(event, ConnectionChanged):
            skew, before = event.skew, self._connection.skew
            self._connection = event
            if event.state is ConnectionState.OFFLINE:
                if self.is_asked_for:
                    self.nothing_came()  # a password typed blind is no command
                self.started()  # nothing is asked before the panel answers
            if skew is not None and (before is None or abs(skew - before) > timedelta(minutes=2)):
                self.say(skew_text(skew), "warning")
        elif isinstance(event, (StoreRebuilt, StoreTrouble, PanelMistake, JournalTrouble)):
            mild = isinstance(event, (StoreRebuilt, PanelMistake))
            self.say(event.message, "warning" if mild else "error")
        elif isinstance(event, JobsRecovered):
            for line in recovered_lines(event.found, self.session.journal):
                self.say(line, "warning")
        elif isinstance(event, SignInNeeded):
            behind = event.reason == "expired" and self.typing.handed_lately(LATELY)
            self.ask_sign_in(f"{event.message} {BEHIND}" if behind else event.message)
        elif isinstance(event, Unforeseen):
            self.report(event.error)
        elif isinstance(event, JobChanged):
            self._job_moved(event)

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody will be asked for a password or passphrase by themselves, and was not yet signed in.

        Known from the last start, not from the keeper: that may take seconds, or ask for a passphrase itself.
        """
        return self.session.asks and not self.session.signed_in

    def _reload_soon(self) -> None:
        """Many changes in a row become one reload; the last one of the first load is not waited for."""
        complete = self.session.store.is_complete
        if self._reload_timer is not None and complete and not self._reload_when_complete:
            self._reload_timer.stop()
            self._reload_timer = None
        if self._reload_timer is None:
            self._reload_when_complete = complete
            pause = pause_before_reload(self._reload_took, complete=complete)
            self._reload_timer = self.set_timer(pause, self._reload_now)

    def _reload_now(self) -> None:
        self._reload_timer = None
        if not self.session.closed:
            self._reload_all()
            self.dress_all()

    def _reload_all(self, force: bool = False) -> None:
        from billtui.screens.base import BilltuiScreen
        from billtui.screens.collector import put_aside

        began = time.monotonic()
        for screen in self.screen_stack:
            if isinstance(screen, BilltuiScreen) and screen.is_mounted:
                screen.reload_if_changed(force)
                screen.refresh_keys()
        self._reload_took = time.monotonic() - began
        if self._reload_took > LARGE:
            put_aside()

    def ask_sign_in(self, message: str) -> None:
        """Ask for login and password, once at a time."""
        from billtui.screens.sign_in import SignInScreen

        if not self._signing_in:
            self._signing_in = True

            def done(_: object) -> None:
                self._signing_in = False
                self._reload_all(force=True)
                for waiting in self._waiting_for_sign_in:
                    if not waiting.done():
                        waiting.set_result(None)
                self._waiting_for_sign_in.clear()

            self.push_screen(SignInScreen(message), done)
            self.started()

    async def sign_in_first(self, message: str) -> bool:
        """Whether somebody is signed in, after asking for it where nobody was."""
        if not self.session.signed_in:
            answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting_for_sign_in.append(answered)
            self.ask_sign_in(message)
            await answered
        return self.session.signed_in

    def dress(self, screen: BilltuiScreen) -> None:
        """Put where you are, and what waits, into the lines of ``screen``."""
        try:
            screen.query_one(TopBar).place = self.place()
            screen.query_one(AreaBar).areas = self.areas
            screen.query_one(Outbox).waiting = self._waiting()
        except NoMatches:
            return

    def dress_all(self) -> None:
        """The same for all screens that are shown."""
        from billtui.screens.base import BilltuiScreen

        for screen in self.screen_stack:
            if isinstance(screen, BilltuiScreen):
                self.dress(screen)

    def place(self) -> Place:
        """Profile, panel, account, role, balance, read-only, and how fresh the data is."""
        account = self.session.account
        freshness, tone = self._freshness()
        if account is None:
            return Place(
                profile=self.profile.name,
                panel=clean(self.profile.host),
                account="not signed in",
                read_only=self.session.read_only,
                freshness=freshness,
                tone=tone,
                accent=self.profile.accent,
            )
        return Place(
            profile=self.profile.name,
            panel=str(account.panel_name) or clean(self.profile.host),
            account=" · ".join(dict.fromkeys((str(account.login), str(account.account_id)))),
            role=str(account.role),
            balance=str(account.internal or ""),
            unread=self._unread(),
            read_only=self.session.read_only or account.key_read_only,
            freshness=freshness,
            tone=tone,
            accent=self.profile.accent,
        )

    def _unread(self) -> str:
        """How many tickets have something new; nothing while the program leaves, when the copy cannot be read."""
        new = () if self.session.closed else self.session.tickets.unread_of_mine()
        return f"{len(new)} unread" if new else ""

    def _freshness(self) -> tuple[str, Any]:
        state = self._connection.state
        if self.session.closed:
            return "leaving", "dim"
        if state is ConnectionState.ONLINE:
            return "live", "good"
        age = age_text(self.session.store.synced_at(), datetime.now(UTC))
        words = {
            ConnectionState.CONNECTING: ("connecting", "dim"),
            ConnectionState.SLOW: ("slow line", "warning"),
            ConnectionState.OFFLINE: ("offline", "bad"),
            ConnectionState.SIGNED_OUT: ("signed out", "warning"),
        }
        word, tone = words.get(state, (str(state), "dim"))
        return (f"{word}, data {age}" if age != "never" else word), tone
