"""The accounts of several profiles at work beside each other, each in a session of its own.

Every profile has its own session: its own client, its own credential, its own executor. Nothing is shared but the
list that shows them, so no secret of one can reach the panel of another. One that cannot sign in says so on its own
line and holds nobody up. Used in the interface's loop alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from pydantic import SecretStr

from billtui.client.errors import ClientError, LockedOut, SessionExpired, SignInRefused, TotpRequired
from billtui.config.errors import ConfigError
from billtui.config.profiles import Profile, ProfileBook, Profiles
from billtui.services.accounts.copies import MOST_ORDERS, AccountCopy, AccountRow, copy_of, distinct, read_copy
from billtui.services.journal import JournalError
from billtui.services.session_events import AccountChanged, SessionEvent, StoreChanged
from billtui.services.session_settings import SessionRefused, SessionSettings
from billtui.services.session_thread import SessionClosed
from billtui.services.store import StoreDamaged, StoreUnavailable

if TYPE_CHECKING:
    from billtui.config.credentials import AskPassphrase
    from billtui.services.session import Session

T = TypeVar("T")
OpenSession = Callable[[Profile, Callable[[SessionEvent], None], "AskPassphrase"], "Session"]
"""Makes a session that does nothing by itself; the passphrase of an encrypted sign-in is asked of the third."""

AT_ONCE: Final = 4
"""Accounts that are refreshed at the same time."""
TROUBLES = (ClientError, ConfigError, SessionRefused, JournalError, StoreUnavailable, StoreDamaged)
"""What keeps one account from being read; its words are made for a person."""


def _nobody(_purpose: Literal["open", "new"], _why: str) -> SecretStr | None:
    """Nobody is asked."""
    return None


class AccountState(StrEnum):
    """How it stands with one account's line."""

    COPY = "copy"
    REFRESHING = "refreshing"
    FRESH = "fresh"
    SIGN_IN = "sign-in"
    PASSPHRASE = "passphrase"
    FAILED = "failed"

    @property
    def needs_somebody(self) -> bool:
        """Whether it goes on only when a person does something."""
        return self in (AccountState.SIGN_IN, AccountState.PASSPHRASE)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One profile in the list: its copy, and how fresh that is."""

    copy: AccountCopy
    state: AccountState = AccountState.COPY
    message: str = ""
    same_as: str = ""
    """Another profile of the same account, which stands for both."""

    @property
    def profile(self) -> Profile:
        """Whose line it is."""
        return self.copy.profile


@dataclass(frozen=True)
class Roster:
    """Which profiles there are, and where the files of each are."""

    profiles: Callable[[], Profiles] = field(default=lambda: ProfileBook().load())
    settings: Callable[[Profile], SessionSettings] = SessionSettings.of

    def beside(self, profile: Profile) -> list[Profile]:
        """The profiles that are listed together with ``profile``: the demo's never beside real ones."""
        found = [one for one in self.profiles().profiles.values() if one.demo == profile.demo]
        return found if profile.name in {one.name for one in found} else [profile, *found]


class AccountsDesk:
    """All accounts: their lines, and a session for each that was asked for one."""

    def __init__(
        self,
        open_session: OpenSession,
        roster: Roster,
        *,
        changed: Callable[[str], None] = lambda _name: None,
        at_once: int = AT_ONCE,
    ) -> None:
        """``changed`` hears the name of a profile whose line became another; ``at_once`` are asked together."""
        self._open_session = open_session
        self._roster = roster
        self._changed = changed
        self._turn = asyncio.Semaphore(at_once)
        self._lines: dict[str, AccountLine] = {}
        self._sessions: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._main: tuple[Profile, Session] | None = None
        self._jobs: dict[str, set[str]] = {}

    # -- what is known

    @property
    def lines(self) -> list[AccountLine]:
        """All lines in the order of the profiles."""
        copies, same = distinct((line.copy for line in self._lines.values()), self._main_name)
        shown = {one.profile.name for one in copies}
        return [
            line if name in shown else replace(line, same_as=same[name], copy=replace(line.copy, rows=()))
            for name, line in self._lines.items()
        ]

    def line(self, name: str) -> AccountLine:
        """The line of a profile. Raises KeyError."""
        return self._lines[name]

    def rows(self) -> list[AccountRow]:
        """Every open invoice and every order that ends soon, of each account once."""
        return [row for line in self.lines for row in line.copy.rows]

    def now(self, name: str) -> datetime:
        """The time of a profile's panel as far as its session knows it; else this computer's."""
        session = self.known_session(name)
        return datetime.now(UTC) if session is None or session.closed else session.now()

    @property
    def _main_name(self) -> str:
        return self._main[0].name if self._main is not None else ""

    def read(
        self, profiles: Iterable[Profile], main: tuple[Profile, Session] | None = None, *, most: int = MOST_ORDERS
    ) -> None:
        """Every line from the local copies; ``main`` is the profile whose session is open already.

        Of each account at ``most`` so many orders are read, the soonest ends first; :meth:`read_rest` reads on.
        """
        self._main = main
        before, self._lines = self._lines, {}
        for profile in profiles:
            old = before.get(profile.name)
            line = AccountLine(self._copy(profile, most))
            if old is not None and old.profile == profile:
                line = replace(line, state=old.state, message=old.message)
            self._lines[profile.name] = line

    def read_again(self, name: str, *, quietly: bool = False) -> None:
        """One line from its copy: something of it changed. ``quietly``: whoever asks draws it anyway."""
        if name in self._lines:
            line = self._lines[name]
            self._lines[name] = replace(line, copy=self._copy(line.profile))
            if not quietly:
                self._changed(name)

    async def read_rest(self) -> None:
        """Every line whole, where :meth:`read` read only its first part; files are read beside the loop."""
        for name, line in list(self._lines.items()):
            if line.copy.listed == min(line.copy.ending, MOST_ORDERS):
                continue
            if self.known_session(name) is not None:
                copy = self._copy(line.profile)
            else:
                settings = self._roster.settings(line.profile)
                copy = await asyncio.to_thread(read_copy, line.profile, settings, datetime.now(UTC))
            if name in self._lines:
                self._lines[name] = replace(self._lines[name], copy=copy)
                self._changed(name)

    def _copy(self, profile: Profile, most: int = MOST_ORDERS) -> AccountCopy:
        session = self.known_session(profile.name)
        if session is not None and not session.closed and session.account is not None:
            return copy_of(profile, session.store, session.account, session.now(), most=most)
        return read_copy(profile, self._roster.settings(profile), datetime.now(UTC), most=most)

    # -- refreshing

    async def refresh(self, names: Sequence[str] | None = None, ask: AskPassphrase | None = None) -> None:
        """Catch up with every panel, a few at a time; each line changes when its account has answered, or cannot.

        ``ask`` is asked for the passphrase of an encrypted sign-in; without it such a line says that it needs one.
        """
        known = [line.profile.name for line in self.lines if not line.same_as]
        wanted = [name for name in (known if names is None else names) if name in self._lines]
        await asyncio.gather(*(self._refresh(name, ask) for name in wanted))

    async def _refresh(self, name: str, ask: AskPassphrase | None) -> None:
        async with self._turn:
            if name not in self._lines:
                return
            self._note(name, AccountState.REFRESHING)
            state, words = AccountState.COPY, ""
            try:
                state, words = await self._catch_up(name, ask)
            finally:  # also where the view was closed meanwhile
                self._note(name, state, words)

    async def _catch_up(self, name: str, ask: AskPassphrase | None) -> tuple[AccountState, str]:
        asked: list[str] = []

        def passphrase(purpose: Literal["open", "new"], why: str) -> SecretStr | None:
            """In the session's thread for secrets."""
            asked.append(purpose)
            return ask(purpose, why) if ask is not None else None

        try:
            if ask is not None:
                await self.let_go(name)  # its credentials were to ask nobody
            session = await self.session(name, passphrase)
            await session.refresh()
        except SessionClosed:
            return AccountState.COPY, ""
        except SessionRefused as error:
            await self.let_go(name)
            if "open" in asked:
                return AccountState.PASSPHRASE, "Its sign-in is encrypted: it needs the passphrase."
            return AccountState.SIGN_IN, str(error)
        except (SessionExpired, SignInRefused, TotpRequired, LockedOut) as error:
            await self.let_go(name)
            return AccountState.SIGN_IN, str(error)
        except TROUBLES as error:
            await self.let_go(name)
            return AccountState.FAILED, str(error)
        return AccountState.FRESH, ""

    def _note(self, name: str, state: AccountState, message: str = "") -> None:
        line = self._lines.get(name)
        if line is None:
            return
        copy = self._copy(line.profile) if state is AccountState.FRESH else line.copy
        self._lines[name] = AccountLine(copy, state, message)
        self._changed(name)

    # -- sessions

    def known_session(self, name: str) -> Session | None:
        """The session of a profile where one is open: the program's own for the profile that is shown."""
        if self._main is not None and name == self._main[0].name:
            return self._main[1]
        return self._sessions.get(name)

    async def session(self, name: str, ask: AskPassphrase | None = None) -> Session:
        """The session of a profile, opened when it is first wanted. Raises KeyError, SessionClosed."""
        profile = self._lines[name].profile
        found = self.known_session(name)
        if found is not None and not found.closed:
            return found
        async with self._opening.setdefault(name, asyncio.Lock()):
            found = self._sessions.get(name)
            if found is None or found.closed:
                found = self._open_session(profile, self._listener(name), ask or _nobody)
                self._sessions[name] = found
                await found.open()
        return found

    def _listener(self, name: str) -> Callable[[SessionEvent], None]:
        """What a job touched is read again by its session; the line follows its copy."""
        loop = asyncio.get_running_loop()

        def heard(event: SessionEvent) -> None:
            """In the session's threads."""
            if isinstance(event, StoreChanged | AccountChanged):
                with contextlib.suppress(RuntimeError):  # the program has ended
                    loop.call_soon_threadsafe(self._copy_changed, name)

        return heard

    def _copy_changed(self, name: str) -> None:
        line = self._lines.get(name)
        if line is not None and line.state is not AccountState.REFRESHING and name in self._sessions:
            self.read_again(name)

    def open_sessions(self) -> list[str]:
        """Profiles that have a session of the desk's."""
        return [name for name, session in self._sessions.items() if not session.closed]

    def follow(self, name: str, job_id: str) -> None:
        """A job runs in this profile's session: it is kept open until the job rests."""
        self._jobs.setdefault(name, set()).add(job_id)

    def running(self) -> list[tuple[str, str]]:
        """Profile and title of every job that is still at work in a session of the desk."""
        found: list[tuple[str, str]] = []
        for name, jobs in self._jobs.items():
            session = self._sessions.get(name)
            if session is None or session.closed:
                continue
            for job_id in sorted(jobs):
                job = session.journal.job(job_id)
                if not job.finished and job.paused is None:
                    found.append((name, str(job.title)))
        return found

    async def release(self) -> None:
        """The view is closed: end every session that has nothing to do."""
        busy = {name for name, _ in self.running()}
        await self._close_all([name for name in self._sessions if name not in busy])

    async def let_go(self, name: str) -> None:
        """This profile needs no session here any more, or a new one: ends it, unless a job runs in it."""
        if name not in {busy for busy, _ in self.running()}:
            await self._close(name)

    async def close(self) -> None:
        """End every session, within the time that one may take."""
        await self._close_all(list(self._sessions))

    async def _close_all(self, names: Sequence[str]) -> None:
        await asyncio.gather(*(self._close(name) for name in names))

    async def _close(self, name: str) -> None:
        session = self._sessions.pop(name, None)
        if session is not None:
            await session.close()
