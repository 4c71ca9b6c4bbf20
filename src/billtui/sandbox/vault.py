"""What the panel keeps under lock: server access, encrypted at rest (TKT-4).

The key is in a file of its own beside the database, made when it is first needed, and readable by its owner alone. A
copy of the database without it tells nothing.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Vault:
    """Seals and opens secrets with AES-256-GCM."""

    def __init__(self, database: Path) -> None:
        """``database`` is the file that the sealed texts are kept in."""
        self._file = database.with_name(database.name + ".key")
        self._key: bytes | None = None

    def seal(self, secret: str, about: str) -> bytes:
        """``secret`` encrypted; ``about`` says what it belongs to, and has to be the same when it is opened."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._need_key()).encrypt(nonce, secret.encode(), about.encode())

    def open(self, sealed: bytes, about: str) -> str | None:
        """The secret; ``None`` where it was sealed with another key, or belongs to something else."""
        try:
            plain = AESGCM(self._need_key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except InvalidTag:
            return None
        return plain.decode()

    def _need_key(self) -> bytes:
        if self._key is None:
            self._key = self._read() or self._make()
        return self._key

    def _read(self) -> bytes | None:
        try:
            key = self._file.read_bytes()
        except FileNotFoundError:
            return None
        return key if len(key) == _KEY_BYTES else None

    def _make(self) -> bytes:
        """A new key, whole on disk before anything is sealed with it; of two programs one makes it."""
        key = secrets.token_bytes(_KEY_BYTES)
        made = self._file.with_name(f"{self._file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(descriptor)
        if self._file.exists():  # of no use: cut short, or not ours
            made.replace(self._file)
            return key
        try:
            os.link(made, self._file)
        except FileExistsError:
            key = self._file.read_bytes()
        finally:
            made.unlink()
        return key
