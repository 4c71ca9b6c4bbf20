"""Who else is on a ticket: a line of advice, never a lock (TKT-9). It also tells the others that you are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from billtui.client.errors import ClientError
from billtui.domain.models import Doing, Presence
from billtui.screens.shell import Shell, shell_of
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.services.staff import is_staff
from billtui.widgets.formats import span_text

if TYPE_CHECKING:
    from billtui.services.session import Session

SAID_EVERY = 10.0
"""Seconds from one telling to the next; the panel forgets after 30 (TKT-9)."""
COARSE = 20
"""Lengths of time are said in steps of so many seconds, so that the line does not stir all the time."""


def presence_words(others: Sequence[Presence], now: datetime) -> str:
    """``ada.desk is writing since 40 s``; nothing where nobody else is there."""
    parts = []
    for one in others:
        if str(one.doing) == Doing.LEFT.value:
            continue
        seconds = max(0, int((now - one.since).total_seconds())) // COARSE * COARSE
        since = f"since {span_text(seconds)}" if seconds else "now"
        parts.append(f"{one.login} is {one.doing} {since}")
    return " · ".join(parts)


class PresenceLine(Static):
    """One line while a colleague is there, none otherwise. For a client it does nothing."""

    DEFAULT_CSS = """
    PresenceLine { height: 1; display: none; padding: 0 1; background: $warning 20%; color: $text-warning; }
    PresenceLine.shown { display: block; }
    """

    def __init__(self, ticket_id: str, doing: Doing = Doing.READING, *, id: str = "presence") -> None:
        """``doing`` is what is told of you: reading in a thread, writing in the composer."""
        super().__init__(id=id)
        self.ticket_id = ticket_id
        self.doing = doing
        self.others: Sequence[Presence] = ()
        self._shell: Shell | None = None
        self._words = ""

    def on_mount(self) -> None:
        """Tell at once, then every few seconds."""
        self._shell = shell_of(self.screen)
        self._tell()
        self.set_interval(SAID_EVERY, self._tell)

    def on_unmount(self) -> None:
        """Gone: say so, without waiting for it."""
        app = self._shell
        if app is not None and not app.session.closed and is_staff(app.session.account):
            app.work(self._leave(app.session))

    async def _leave(self, session: Session) -> None:
        try:
            await session.tickets.presence(self.ticket_id, Doing.LEFT)
        except (ClientError, SessionRefused, SessionClosed):
            return  # it ends by itself after 30 s

    def _tell(self) -> None:
        app = self._shell
        if app is None or app.session.closed or not is_staff(app.session.account) or not self.screen.is_current:
            return
        self.run_worker(self._ask(app.session), group="presence", exclusive=True, exit_on_error=False)

    async def _ask(self, session: Session) -> None:
        try:
            others = await session.tickets.presence(self.ticket_id, self.doing)
        except (ClientError, SessionRefused, SessionClosed):
            others = []  # advice: without a line to the panel there is none
        if self.is_attached:
            self.others = others
            words = presence_words(others, session.now())
            if words != self._words:
                self._words = words
                self.set_class(bool(words), "shown")
                self.update(Content(words))
