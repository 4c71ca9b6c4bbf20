"""Where a command's secret comes from, asked for before anything else starts, and only on a terminal."""

from __future__ import annotations

import contextlib
import getpass
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.config.credentials import CredentialStore, SaveResult
from billtui.config.errors import CredentialError
from billtui.config.memory_keeper import MemoryKeeper
from billtui.config.secret_sources import Credential, EnvironmentSecrets, password_from_stdin

if TYPE_CHECKING:
    from billtui.config.profiles import Profile

Ask = Callable[[str], str]


def can_ask() -> bool:
    """Whether a question would be seen and can be answered: standard input and standard error are a terminal."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return bool(sys.stdin.isatty() and sys.stderr.isatty())
    return False


def ask_secret(question: str) -> SecretStr | None:
    """A secret typed without being shown; ``None`` for an empty answer. Call it only where :func:`can_ask`."""
    try:
        with ctrl_c_interrupts():
            answer = getpass.getpass(question, stream=sys.stderr)
    except EOFError:
        return None
    return SecretStr(answer) if answer else None


def secret_line(what: str) -> SecretStr:
    """The next line of standard input, for the ``--…-stdin`` options; typed on a terminal, it is not shown either.

    ``what`` names it there. Raises CredentialError when there is none.
    """
    if not can_ask():
        return password_from_stdin().secret
    typed = ask_secret(f"{what}: ")
    if typed is None:
        raise CredentialError(f"{what}: nothing was typed.")
    return typed


def ask_line(question: str) -> str:
    """A line typed on the terminal; the question goes to standard error. Empty at the end of input.

    What was typed before the question stood there (ahead, or the rest of a paste) is no answer to it: it is dropped.
    """
    with contextlib.suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stderr.write(question)
    sys.stderr.flush()
    with ctrl_c_interrupts():
        return sys.stdin.readline().strip()


@contextlib.contextmanager
def ctrl_c_interrupts() -> Iterator[None]:
    """While a question waits, ctrl+c ends it at once; an event loop would only note it and go on waiting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ask_passphrase(purpose: Literal["open", "new"], why: str = "") -> SecretStr | None:
    """The passphrase of the encrypted file; ``None`` for "not now". Call it only where :func:`can_ask`."""
    if why:
        sys.stderr.write(f"{why}\n")
    if purpose == "open":
        return ask_secret("Passphrase of the encrypted sign-in (empty: not now): ")
    sys.stderr.write("The sign-in can be kept in a file, encrypted with a passphrase.\n")
    first = ask_secret("New passphrase (empty: do not keep it): ")
    if first is None:
        return None
    again = ask_secret("The same once more: ")
    if again is None or again.get_secret_value() != first.get_secret_value():
        raise CliError("passphrase", "The two entries differ; nothing was kept.", Exit.SIGN_IN)
    return first


class ProfileSecrets:
    """A profile's credentials for one command: read before the session begins, kept after it has ended.

    So no question is ever asked from a thread, where ctrl+c could not end it.
    """

    def __init__(self, profile: Profile, environment: EnvironmentSecrets) -> None:
        """Reads nothing yet."""
        ask = ask_passphrase if can_ask() else None
        self.store = CredentialStore.of(profile, environment=environment, ask_passphrase=ask)
        self._loaded: Credential | None = None
        self.new: Credential | None = None
        """A token of this command's own sign-in, to be kept by :meth:`keep`."""

    def read(self) -> Credential | None:
        """Find the secret; may ask for the passphrase. Raises CredentialError."""
        self._loaded = self.store.load()
        return self._loaded

    def load(self) -> Credential | None:
        """What :meth:`read` found."""
        return self._loaded

    def save(self, credential: Credential) -> SaveResult:
        """Note it; :meth:`keep` stores it."""
        self.new = credential
        return SaveResult("memory", None)

    def keep(self) -> SaveResult | None:
        """Keep the new token for the next command; ``None`` if there is none."""
        return self.store.save(self.new) if self.new is not None else None

    def forget(self) -> list[str]:
        """Delete what is kept."""
        self._loaded = None
        return self.store.forget()

    def missed(self) -> str:
        """Which keeper could not be asked."""
        return self.store.missed()

    def cancel(self) -> None:
        """Nothing is waited for once the session has begun, and :meth:`keep` comes after it."""


class EnvironmentKeeper(MemoryKeeper):
    """For ``--url``: the secret is what the environment held, the token else the password; nothing is ever kept."""

    def __init__(self, environment: EnvironmentSecrets) -> None:
        """``environment`` was taken at the start."""
        super().__init__(environment.credential())
