"""Secrets that are handed in from outside, in this order: explicit, password_command, systemd, environment.

Nothing here ever holds a secret in a plain string longer than it takes to wrap it, and no message repeats any of it.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pydantic import SecretStr

from billtui.config.errors import CredentialError
from billtui.config.limited_process import Cancelled, SaidTooMuch, TookTooLong, run_limited
from billtui.config.paths import read_private
from billtui.config.process_memory import take_variables

SecretKind = Literal["token", "password"]
COMMAND_SECONDS = 10.0
MAX_SECRET = 8 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret: a token (session or API key) or a password, and in words where it came from."""

    kind: SecretKind
    secret: SecretStr
    source: str


def password_from_stdin(stream: IO[bytes] | None = None) -> Credential:
    """The first line of standard input (``--password-stdin``). Raises CredentialError when there is none."""
    line = (stream or sys.stdin.buffer).readline(MAX_SECRET + 2)
    return Credential("password", _one_line(line, "standard input"), "standard input")


def password_from_file(path: Path) -> Credential:
    """The first line of a file of one's own, mode 0600 (``--password-file``). Raises CredentialError, UnsafePath."""
    try:
        content = read_private(path, MAX_SECRET + 2)
    except FileNotFoundError:
        raise CredentialError(f"{path} is not there.") from None
    return Credential("password", _one_line(content, str(path)), "password file")


def from_command(
    argv: Sequence[str],
    kind: SecretKind,
    seconds: float = COMMAND_SECONDS,
    cancelled: threading.Event | None = None,
) -> Credential:
    """The first line that ``password_command`` prints. Raises CredentialError saying what went wrong."""
    shown = Path(argv[0]).name
    advice = "Run it by hand to see why."
    try:
        code, output = run_limited(argv, seconds=seconds, cancelled=cancelled)
    except TookTooLong:
        raise CredentialError(
            f"password_command ({shown}) did not end within {seconds:g} s and was stopped. It has no terminal."
        ) from None
    except Cancelled:
        raise CredentialError(f"password_command ({shown}) was cancelled.") from None
    except SaidTooMuch:
        raise CredentialError(f"password_command ({shown}) printed too much. {advice}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable command line"
        raise CredentialError(f"password_command ({shown}) cannot be started: {reason}.") from None
    if code != 0:
        raise CredentialError(f"password_command ({shown}) ended with exit code {code}. {advice}")
    return Credential(kind, _one_line(output, f"password_command ({shown})"), "password_command")


def systemd_file(profile: str) -> Path | None:
    """The file systemd made for this profile (``LoadCredential=billtui-PROFILE:…``), if there is one."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory) / f"billtui-{profile}" if directory else None
    return path if path is not None and os.path.isfile(path) else None  # noqa: PTH113 - never raises, as is_file() may


def from_systemd(profile: str, kind: SecretKind) -> Credential | None:
    """The systemd credential ``billtui-PROFILE``. systemd owns the file and may use an ACL, so only "others" counts."""
    path = systemd_file(profile)
    if path is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CredentialError(f"The systemd credential {path} cannot be read: {error.strerror}.") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o007:
            raise CredentialError(f"The systemd credential {path} is open to all users, or no file; it is not used.")
        content = file.read(MAX_SECRET + 2)
    return Credential(kind, _one_line(content, "the systemd credential"), "systemd credential")


@dataclass(frozen=True, slots=True)
class EnvironmentSecrets:
    """What stood in BILLTUI_TOKEN and BILLTUI_PASSWORD; the token goes first."""

    token: SecretStr | None = None
    password: SecretStr | None = None

    def credential(self) -> Credential | None:
        """The secret to use, if there was one."""
        if self.token is not None:
            return Credential("token", self.token, "BILLTUI_TOKEN")
        if self.password is not None:
            return Credential("password", self.password, "BILLTUI_PASSWORD")
        return None


def take_environment(environment: MutableMapping[str, str] | None = None) -> EnvironmentSecrets:
    """Take both variables out of the environment, so that no child gets them; call it first thing at start.

    Those of this process are overwritten as well: the list of processes shows them no longer.
    """
    taken = take_variables(os.environ if environment is None else environment)
    token, password = (SecretStr(value) if value else None for value in taken)
    return EnvironmentSecrets(token, password)


def _one_line(content: bytes, source: str) -> SecretStr:
    line = content.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise CredentialError(f"There is no secret in {source}: its first line is empty.")
    if len(line) > MAX_SECRET:
        raise CredentialError(f"The secret from {source} is longer than {MAX_SECRET} bytes.")
    text = line.decode("utf-8", "replace")
    if "\ufffd" in text or not text.isprintable():
        text = ""
        raise CredentialError(f"The secret from {source} is not plain text in one line.")
    return SecretStr(text)
