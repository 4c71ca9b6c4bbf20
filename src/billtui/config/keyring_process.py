"""The process that talks to the desktop's secret store for ``keyring_access``, and the only place that imports keyring.

It is asked on standard input and answers on standard output, one question and one answer, both JSON.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from keyring.backend import KeyringBackend

KEYRING_SECONDS = 3.0
SERVICE = "billtui"

ALLOWED_BACKENDS = {
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Locker",
    "keyring.backends.SecretService.Keyring": "Secret Service",
    "keyring.backends.libsecret.Keyring": "libsecret",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
}
"""Backends that protect what they keep. Never keyrings.alt (plain text), never a chain that hides who answers."""

_NO_CHOICE = ("keyring.backends.chainer.ChainerBackend", "")
_OFF = ("keyring.backends.null.Keyring", "keyring.backends.fail.Keyring")


class _Refusal(Exception):
    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(error)
        self.answer = {"error": error, "detail": detail[:100]}


def _configured_backend() -> str:
    """What the person told keyring to use (environment or keyringrc.cfg), without loading it."""
    import configparser

    from keyring.util import platform_

    if "PYTHON_KEYRING_BACKEND" in os.environ:
        return os.environ["PYTHON_KEYRING_BACKEND"]
    config = configparser.RawConfigParser()
    try:
        config.read(platform_.config_root() / "keyringrc.cfg", encoding="utf-8")
        return config.get("backend", "default-keyring", fallback="").strip()
    except (configparser.Error, UnicodeDecodeError):
        return ""


def _usable(name: str) -> tuple[float, type[KeyringBackend]] | None:
    """The class of a backend with its priority, or None where it cannot work."""
    import importlib

    module, _, class_name = name.rpartition(".")
    try:
        backend = getattr(importlib.import_module(module), class_name)
        return float(backend.priority), backend
    except (ImportError, AttributeError, RuntimeError, OSError):
        return None


def _choose_backend() -> tuple[str, KeyringBackend]:
    choice = _configured_backend()
    if choice in _OFF:
        raise _Refusal("off", choice)
    if choice not in _NO_CHOICE and choice not in ALLOWED_BACKENDS:
        raise _Refusal("refused", choice)
    names = [choice] if choice in ALLOWED_BACKENDS else list(ALLOWED_BACKENDS)
    usable = [(found, name) for name in names if (found := _usable(name)) is not None and found[0] > 0]
    if not usable:
        raise _Refusal("none")
    (_priority, backend), name = max(usable, key=lambda entry: entry[0][0])
    return ALLOWED_BACKENDS[name], backend()


def _locked(backend: object) -> bool:
    """Whether the desktop's collection is locked; nobody is asked to unlock it, and none is made."""
    if type(backend).__module__ != "keyring.backends.SecretService":
        return False
    import secretstorage

    connection = secretstorage.dbus_init()
    try:
        return bool(secretstorage.Collection(connection).is_locked())
    except secretstorage.ItemNotFoundException:
        return False  # there is none yet: the first secret makes it
    finally:
        connection.close()


def _answer(question: dict[str, str | None], replacement: str | None) -> dict[str, str | None]:
    try:
        import keyring.errors as errors
    except ImportError:
        return {"error": "missing"}
    if replacement is None:
        name, backend = _choose_backend()
    else:
        import importlib

        module, _, class_name = replacement.partition(":")
        name, backend = class_name, getattr(importlib.import_module(module), class_name)()
    answer: dict[str, str | None] = {"backend": name}
    user = question.get("user") or ""
    try:
        match question.get("operation"):
            case "status" if _locked(backend):
                return answer | {"error": "locked"}
            case "get":
                answer["secret"] = backend.get_password(SERVICE, user)
            case "set":
                backend.set_password(SERVICE, user, question.get("secret") or "")
            case "delete":
                if backend.get_password(SERVICE, user) is not None:
                    backend.delete_password(SERVICE, user)
    except errors.KeyringLocked:
        return answer | {"error": "locked"}
    except (errors.KeyringError, OSError) as error:
        return answer | {"error": "failed", "detail": type(error).__name__}
    return answer


def keyring_process(arguments: Sequence[str]) -> int:
    """Answer one question from standard input on standard output, both JSON. An error has a name but never a text."""
    output = os.dup(1)
    os.dup2(2, 1)  # whatever a backend prints must not become part of the answer

    # Whoever asked may be gone (kill -9), and a prompt that nobody answers waits for ever.
    signal.alarm(math.ceil(KEYRING_SECONDS) + 2)

    def say(answer: object) -> None:
        os.write(output, json.dumps(answer).encode())

    def unexpected(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
        say({"error": "failed", "detail": kind.__name__})

    sys.excepthook = unexpected
    replacement = arguments[1] if len(arguments) == 2 and arguments[0] == "--backend" else None
    try:
        say(_answer(json.loads(sys.stdin.buffer.read()), replacement))
    except _Refusal as refusal:
        say(refusal.answer)
    return 0


if __name__ == "__main__":
    sys.exit(keyring_process(sys.argv[1:]))
