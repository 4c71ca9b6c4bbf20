"""What a session needs to know, what it answers, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from pydantic import SecretStr

from billtui.client.errors import SessionExpired, ShutOut
from billtui.client.settings import ConnectionSettings
from billtui.config.paths import data_dir, state_dir, typed_path
from billtui.services.one_time_codes import CODE_NEEDED

if TYPE_CHECKING:
    from billtui.client.drivers import Driver
    from billtui.config.credentials import Credential, KeepIn, Place, SaveResult
    from billtui.config.profiles import Profile
    from billtui.domain.models import Account, Addon, Location, Plan
    from billtui.services.plans import Plan as Purchase


class CredentialKeeper(Protocol):
    """Where the secret comes from and is kept; config's CredentialStore is one. Calls may block for seconds."""

    def load(self) -> Credential | None:
        """The secret to use, or ``None``."""

    def save(self, credential: Credential) -> SaveResult:
        """Keep a token."""

    def forget(self) -> list[str]:
        """Delete what is kept; one line for each place where it may still be."""

    def missed(self) -> str:
        """After :meth:`load` found nothing: which keeper could not be asked, and what comes next; empty otherwise."""

    def cancel(self) -> None:
        """From another thread, at the end: stop waiting for whatever is being waited for."""


@runtime_checkable
class KeepingPlaces(Protocol):
    """A keeper with a choice of places; one without keeps until the program ends."""

    def places(self) -> tuple[Place, ...]:
        """Where a token can be kept, the place that :meth:`CredentialKeeper.save` takes first. May block."""

    def prefer(self, place: KeepIn) -> None:
        """Keep there from now on."""


@runtime_checkable
class KnowsWhoIsAsked(Protocol):
    """A keeper that knows whether a secret comes by itself, or a person is asked for something first."""

    def asks_again(self) -> bool | None:
        """Whether the next start will ask, by where the secret in use is kept; ``None`` where that is not known."""

    def is_handed_in(self) -> bool:
        """Whether the secret comes from outside at this start. Answers at once."""


class SessionRefused(Exception):
    """The session does not do this; the message says why and what to do instead."""

    code = "session-refused"


class ReadOnlySession(SessionRefused):
    """Nothing may be changed through this profile."""

    code = "read-only"


SIGN_IN_FIRST: Final = "Sign in first: 6 Settings, then Session; or billtui login."
_FULL_SCREEN: Final = "program"
NOBODY: Final = f"Nobody is signed in. {SIGN_IN_FIRST}"


class NotSignedIn(SessionRefused):
    """There is no usable secret; somebody has to sign in."""

    code = "not-signed-in"


class AlienPlan(SessionRefused):
    """The plan belongs to another panel or account."""

    code = "other-account"


class SentAlready(SessionRefused):
    """The plan's new ticket was sent by another plan meanwhile, word for word."""

    code = "sent-already"


class CodeNeeded(SessionRefused):
    """A step of a transfer needs its one-time code, and none was given (TRF-2)."""

    code = CODE_NEEDED


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Which panel, as whom, and how. Times are in seconds."""

    connection: ConnectionSettings
    profile: str = ""
    login: str = ""
    kind: str = "billing_v1"
    """The kind of panel: a word of ``client.drivers.kinds``."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What the driver assumes, said otherwise (a profile's ``panel_options``)."""
    read_only: bool = False
    background: bool = True
    """Keep the copy up to date by itself; off for a single verb of the command line."""
    program: str = _FULL_SCREEN
    """What other programs on this host call this one: the full-screen program, or a verb of the command line."""
    data_dir: Path = field(default_factory=data_dir)
    state_dir: Path = field(default_factory=state_dir)
    poll_seconds: int = 15
    """How long one question for changes waits on the panel (at most 15)."""
    refresh_seconds: float = 60
    """Time between whole loads where the panel has no feed of changes."""
    retry_seconds: float = 1
    """The first pause after a failure; it doubles up to :attr:`retry_most`."""
    retry_most: float = 60
    slow_seconds: float = 3
    """An ordinary answer that takes longer makes the connection "slow"."""

    def driver(self) -> Driver:
        """A driver for the panel. Raises ConfigurationProblem for a kind or an option that is not known."""
        from billtui.client.drivers.kinds import make_driver

        return make_driver(self.kind, self.login, self.options)

    @property
    def line(self) -> ConnectionSettings:
        """The connection; who shares the session keeps out of each other's way in the directory of the journal."""
        return replace(self.connection, locks=self.state_dir, account=self.login)

    @property
    def stays(self) -> bool:
        """Whether it is the full-screen program's; a command ends with what it saw, and what it told stays true."""
        return self.program == _FULL_SCREEN

    @property
    def journal_path(self) -> Path:
        """The journal's file."""
        return self.state_dir / "journal.db"

    @classmethod
    def of(cls, profile: Profile, *, read_only: bool = False, background: bool = True) -> SessionSettings:
        """Settings of a profile; ``read_only`` adds to the profile's own."""
        connection = ConnectionSettings(
            url=profile.url,
            ca_file=None if profile.ca_file is None else typed_path(profile.ca_file),
            fingerprint=profile.fingerprint,
            proxy=profile.proxy,
        )
        return cls(
            connection=connection,
            profile=profile.name,
            login=profile.login,
            kind=profile.kind,
            options=dict(profile.panel_options),
            read_only=read_only or profile.read_only,
            background=background,
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account that signed in, and where its token is kept (``None``: nowhere beyond this session)."""

    account: Account
    kept: SaveResult | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is sold, where."""

    plans: tuple[Plan, ...] = ()
    locations: tuple[Location, ...] = ()
    addons: tuple[Addon, ...] = ()


def ended_words(error: SessionExpired, *, by_key: bool) -> str:
    """Why signing in is needed again, and that nothing was lost; ``by_key``: an API key was in use (ACC-5)."""
    if by_key or isinstance(error, ShutOut):
        return f"{error.fact} Nothing was lost: sign in, and it goes on."
    why = "The session has expired, or was ended elsewhere, as by a new password."
    return f"{why} Sign in again; nothing was lost."


def check_plan(
    settings: SessionSettings, account: Account | None, plan: Purchase, codes: Mapping[int, SecretStr] | None = None
) -> None:
    """Whether ``plan`` may be done as ``account`` (``None``: nobody is signed in), with the one-time ``codes`` given.

    Raises ReadOnlySession, NotSignedIn, AlienPlan or CodeNeeded.
    """
    if settings.read_only:
        raise ReadOnlySession("This profile is read-only; nothing is changed through it.")
    if account is None:
        raise NotSignedIn(f"Nobody is signed in, so nothing can be changed. {SIGN_IN_FIRST}")
    if plan.panel_id != account.panel_id.raw:
        raise AlienPlan("The plan was made for another panel. Use the profile that it names.")
    if plan.account_id != account.account_id.raw:
        raise AlienPlan("The plan was made for another account. Sign in as the account that it names.")
    for number in plan.coded:
        if number not in (codes or {}):
            title = plan.operation(number).title
            raise CodeNeeded(
                f"{title}: it needs the one-time code of its mail. Nothing was sent; give the code with it."
            )
