"""Keyrings of every temper, loaded by the keyring process in the place of the desktop's."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from keyring import errors


class Works:
    """Keeps secrets in the file named by STAND_IN_FILE (for the tests only)."""

    def __init__(self) -> None:
        self.path = Path(os.environ["STAND_IN_FILE"])
        self.items: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        record = {"argv": sys.argv, "environment": dict(os.environ)}
        self.path.with_suffix(".seen").write_text(json.dumps(record))

    def get_password(self, service: str, user: str) -> str | None:
        sys.stdout.write("noise from a library\n")
        return self.items.get(f"{service}/{user}")

    def set_password(self, service: str, user: str, secret: str) -> None:
        self.items[f"{service}/{user}"] = secret
        self.path.write_text(json.dumps(self.items))

    def delete_password(self, service: str, user: str) -> None:
        del self.items[f"{service}/{user}"]
        self.path.write_text(json.dumps(self.items))


class Locked:
    """The person dismissed the prompt."""

    def get_password(self, service: str, user: str) -> str | None:
        raise errors.KeyringLocked("Failed to unlock the collection!")

    def set_password(self, service: str, user: str, secret: str) -> None:
        raise errors.KeyringLocked("Failed to unlock the collection!")

    delete_password = get_password


class SilentPrompter:
    """Waits for ever for a prompt that nobody sees, with a thread of its own, deaf to polite signals."""

    def get_password(self, service: str, user: str) -> str | None:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Event().wait()
        return None

    def set_password(self, service: str, user: str, secret: str) -> None:
        self.get_password(service, user)

    delete_password = get_password


class Blabber:
    """Fails with the secret in its message."""

    def get_password(self, service: str, user: str) -> str | None:
        raise RuntimeError("canary-get")

    def set_password(self, service: str, user: str, secret: str) -> None:
        raise RuntimeError(f"cannot store {secret}")

    delete_password = get_password


class Dies:
    """Takes the process down."""

    def get_password(self, service: str, user: str) -> str | None:
        os._exit(9)

    def set_password(self, service: str, user: str, secret: str) -> None:
        os._exit(9)

    delete_password = get_password
