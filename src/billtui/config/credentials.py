"""Where a profile's secret comes from and where it is kept (RELIABILITY "Secrets").

Order of reading: explicit (``--password-stdin``, ``--password-file``) → ``password_command`` → systemd credential →
environment → what was kept: in memory, in the keyring, in the encrypted file. Never silently plain text: what cannot
be kept safely stays in memory, and the result says so. A token is kept; a password never is.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import SecretStr

from billtui.config.errors import ConfigError, CredentialError
from billtui.config.keyring_access import KeyringAccess
from billtui.config.profile_rules import check_name
from billtui.config.profiles import Profile
from billtui.config.secret_file import SecretFile
from billtui.config.secret_sources import (
    Credential,
    EnvironmentSecrets,
    SecretKind,
    from_command,
    from_systemd,
    password_from_file,
    password_from_stdin,
    systemd_file,
    take_environment,
)

__all__ = [
    "AskPassphrase",
    "Credential",
    "CredentialStore",
    "EnvironmentSecrets",
    "KeepIn",
    "Place",
    "SaveResult",
    "password_from_file",
    "password_from_stdin",
    "take_environment",
]

AskPassphrase = Callable[[Literal["open", "new"], str], SecretStr | None]
"""Asks the person for the file's passphrase, saying why it has come to that (unless that was said); None: not now."""


KeepIn = Literal["keyring", "file", "memory"]


class Place(NamedTuple):
    """A place where a token can be kept, in words that follow "kept in"."""

    where: KeepIn
    words: str


class SaveResult(NamedTuple):
    """Where a secret is kept now ("keyring (Secret Service)", "encrypted file", "memory") and what to know about it."""

    where: str
    warning: str | None


class CredentialStore:
    """The secret of one profile. Calls may take seconds (a command 10, a keyring 3): never on the event loop."""

    def __init__(
        self,
        profile_name: str,
        *,
        panel_url: str,
        password_command: Sequence[str] = (),
        secret_kind: SecretKind = "password",
        explicit: Credential | None = None,
        environment: EnvironmentSecrets | None = None,
        ask_passphrase: AskPassphrase | None = None,
        keyring: KeyringAccess | None = None,
    ) -> None:
        """``panel_url`` binds what is kept: a changed address never gets the old one's token."""
        self.profile_name = check_name(profile_name)
        self._user = f"{self.profile_name} {panel_url}"
        self._command = list(password_command)
        self._kind: SecretKind = secret_kind
        self._explicit = explicit
        self._environment = environment or take_environment()
        self._ask_passphrase = ask_passphrase
        self._passphrase: SecretStr | None = None
        self._refused: set[str] = set()
        """Purposes for which the person wanted to type no passphrase: not asked again."""
        self._told = False
        self._keyring = keyring or KeyringAccess()
        self._file = SecretFile(self.profile_name, panel_url)
        self._memory: Credential | None = None
        self._preferred: KeepIn | None = None
        self._asks: bool | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop waiting for a command or a keyring, from another thread: quitting must not take seconds."""
        self._cancelled.set()
        self._keyring.cancel()

    def ask_with(self, ask_passphrase: AskPassphrase) -> None:
        """Somebody else asks for the passphrase from now on; what was typed is kept."""
        self._ask_passphrase = ask_passphrase

    @classmethod
    def of(
        cls,
        profile: Profile,
        *,
        explicit: Credential | None = None,
        environment: EnvironmentSecrets | None = None,
        ask_passphrase: AskPassphrase | None = None,
        keyring: KeyringAccess | None = None,
    ) -> CredentialStore:
        """The store of a profile."""
        return cls(
            profile.name,
            panel_url=profile.url,
            password_command=profile.password_command,
            secret_kind=profile.secret_kind,
            explicit=explicit,
            environment=environment,
            ask_passphrase=ask_passphrase,
            keyring=keyring,
        )

    def load(self) -> Credential | None:
        """The secret to use, or None when nobody has one.

        Raises CredentialError when a source that was asked for by name (command, systemd) fails, WrongPassphrase,
        UnsafePath. A keyring that does not answer is no error: ``situation`` says what is wrong with it.
        """
        found = self.handed_in() or self._memory
        if found is None and (found := self._from_keyring()) is not None:
            self._asks = False
        if found is None and (found := self._from_file()) is not None:
            self._asks = True
        return found

    def asks_again(self) -> bool | None:
        """Whether the next start will ask a person, by where the secret in use is kept; None where that is not known.

        From the keyring it comes by itself. The encrypted file asks for its passphrase, and memory keeps nothing.
        """
        return self._asks

    def is_handed_in(self) -> bool:
        """Whether a source from outside gives the secret at this start; no command is run and nothing opened for it."""
        named = self._explicit is not None or bool(self._command) or self._environment.credential() is not None
        return named or systemd_file(self.profile_name) is not None

    def handed_in(self) -> Credential | None:
        """The secret from outside alone, in its order; what was kept is not looked at. Raises CredentialError."""
        if self._explicit is not None:
            return self._explicit
        if self._command:
            return from_command(self._command, self._kind, cancelled=self._cancelled)
        return from_systemd(self.profile_name, self._kind) or self._environment.credential()

    def missed(self) -> str:
        """Which keeper could not be asked, in words, once; empty where nobody has anything, as on a first start."""
        answer = self._keyring.last_trouble
        if answer is None or not answer.in_trouble or self._told:
            return ""
        return f"{self._why(answer.problem)} Next: sign in; a file sealed with a passphrase is offered then."

    def places(self) -> tuple[Place, ...]:
        """Where a token can be kept, the place that :meth:`save` takes by itself first; the keyring only if it works.

        The encrypted file is among them only where somebody can be asked for its passphrase; with it stands why it is
        not the keyring, unless that was said.
        """
        status = self._keyring.ask("status")
        found = [Place("memory", "memory, until the program ends")]
        if self._ask_passphrase is not None:
            why = f" ({status.problem})" if status.problem and not self._told else ""
            self._told = self._told or bool(status.problem)
            refused = self._passphrase is None and bool(self._refused)
            found.insert(int(refused), Place("file", f"an encrypted file{why}"))
        if not status.problem:
            found.insert(0, Place("keyring", f"the keyring ({status.backend})"))
        return tuple(found)

    def prefer(self, place: KeepIn) -> None:
        """Keep the next token there, and do not leave an older one in the other places."""
        self._preferred = place
        self._refused.clear()  # whoever chooses the file is asked for its passphrase, also after a "not now"

    def save(self, credential: Credential) -> SaveResult:
        """Keep a token for the next start. A password stays in memory, whatever the machine offers."""
        self._memory = credential
        self._asks = True  # unless the keyring takes it
        if credential.kind != "token":
            return SaveResult("memory", "A password is not stored: it is kept until the program ends.")
        if self._preferred == "memory":
            left = self.forget()
            self._memory = credential
            return SaveResult("memory", " ".join(left) or None)
        if self._preferred == "file":
            return self._save_in_file(credential, "")
        answer = self._keyring.ask("set", self._user, credential.secret)
        if not answer.problem:
            self._asks = False
            warning = None
            try:
                self._file.remove()  # an older token must not lie about
            except ConfigError as error:
                warning = str(error)
            return SaveResult(f"keyring ({answer.backend})", warning)
        return self._save_in_file(credential, answer.problem)

    def _save_in_file(self, credential: Credential, problem: str) -> SaveResult:
        """``problem`` is why it is not the keyring; empty where the file was chosen."""
        why = reason = ""
        try:
            passphrase = self._get_passphrase("open" if self._file.exists() else "new")
            why = self._why(problem) if problem else ""
            if passphrase is not None:
                self._file.write(credential.secret, passphrase)
                if not problem:
                    self._keyring.ask("delete", self._user)  # what is read first must not hold an older token
                kept = f"The sign-in is kept in {self._file.path}, encrypted."
                return SaveResult("encrypted file", _words(why, kept))
        except (ConfigError, OSError) as error:
            reason = str(error) if isinstance(error, ConfigError) else f"{self._file.path}: {error.strerror}."
        return SaveResult("memory", _words(why, reason, "You stay signed in until the program ends."))

    def forget(self) -> list[str]:
        """Delete what is kept, everywhere. Returns one line for each place where it may still be."""
        self._memory = None
        left: list[str] = []
        answer = self._keyring.ask("delete", self._user)
        if answer.problem and not answer.problem.startswith("no usable keyring"):
            left.append(f"{_sentence(answer.problem)} What it may hold is still there.")
        try:
            self._file.remove()
        except ConfigError as error:
            left.append(str(error))
        return left

    def situation(self) -> list[tuple[str, str]]:
        """For ``doctor``: each source and its state in words; no secret, nothing is run but the keyring's status."""
        environment = self._environment.credential()
        systemd = systemd_file(self.profile_name)
        status = self._keyring.ask("status")
        file = self._file.state()
        return [
            ("explicit", self._explicit.source if self._explicit else "none"),
            ("password_command", _command_words(self._command)),
            ("systemd credential", str(systemd) if systemd else "none"),
            ("environment", f"{environment.source} (taken, value hidden)" if environment else "none"),
            ("keyring", status.problem or f"works: {status.backend}"),
            ("encrypted file", file),
            ("memory", f"a {self._memory.kind} from {self._memory.source}" if self._memory else "nothing"),
        ]

    def _from_keyring(self) -> Credential | None:
        answer = self._keyring.ask("get", self._user)
        if answer.secret is None or not answer.secret.get_secret_value():
            return None
        return Credential("token", answer.secret, f"keyring ({answer.backend})")

    def _from_file(self) -> Credential | None:
        if not self._file.exists():
            return None
        passphrase = self._get_passphrase("open")
        if passphrase is None:
            return None
        try:
            return Credential("token", self._file.read(passphrase), "encrypted file")
        except CredentialError:
            self._passphrase = None  # asked for anew at the next try
            raise

    def _get_passphrase(self, purpose: Literal["open", "new"]) -> SecretStr | None:
        if self._passphrase is None and self._ask_passphrase is not None and purpose not in self._refused:
            trouble = self._keyring.last_trouble
            self._passphrase = self._ask_passphrase(purpose, self._why(trouble.problem) if trouble is not None else "")
            if self._passphrase is None:
                self._refused.add(purpose)
        return self._passphrase

    def _why(self, problem: str) -> str:
        """The keyring's problem as a sentence, the first time; nothing after that: a host without one is ordinary."""
        if self._told:
            return ""
        self._told = True
        return _sentence(problem)


def _command_words(command: Sequence[str]) -> str:
    """Its program alone: an argument may be a secret, though it should not."""
    if not command:
        return "none"
    found = shutil.which(command[0])
    return f"{Path(command[0]).name} …{'' if found else ' (there is no such program)'}"


def _words(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:]}."
