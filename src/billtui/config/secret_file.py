"""A secret in a file, encrypted with a passphrase: scrypt and AES-256-GCM, mode 0600 (where there is no keyring).

Profile and panel address are bound into the encryption, so that a file put under another name opens nothing.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from pydantic import SecretStr

from billtui.config.errors import CredentialError, UnsafePath, WrongPassphrase
from billtui.config.paths import check_private_dir, config_dir, read_private, write_private

_VERSION = 1
_COST, _BLOCK, _PARALLEL = 2**16, 8, 2  # 64 MiB; one of OWASP's equivalent settings for scrypt
_MAX_COST, _MAX_BLOCK, _MAX_PARALLEL = 2**18, 16, 8


class SecretFile:
    """The encrypted secret of one profile."""

    def __init__(self, profile: str, bound_to: str, directory: Path | None = None) -> None:
        """``bound_to`` is what the secret may be used for: another value cannot open the file."""
        self.path = (directory or config_dir() / "credentials") / f"{profile}.sealed"
        self._bound = f"billtui\0{_VERSION}\0{profile}\0{bound_to}".encode()

    def exists(self) -> bool:
        """Whether there is such a file (it may still be refused)."""
        return os.path.lexists(self.path)

    def state(self) -> str:
        """In words, for ``doctor``: whether it is there, and whether it would be refused."""
        if not self.exists():
            return "none"
        try:
            check_private_dir(self.path.parent)
            read_private(self.path, 256 * 1024)
        except UnsafePath as error:
            return f"refused: {error}"
        return f"there: {self.path}"

    def read(self, passphrase: SecretStr) -> SecretStr:
        """The secret. Raises WrongPassphrase, CredentialError for a broken file, UnsafePath, FileNotFoundError."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        broken = CredentialError(f"{self.path} is damaged; sign in again to make it anew.")
        try:
            check_private_dir(self.path.parent)
            parts = json.loads(read_private(self.path, 256 * 1024))
            cost, block, parallel = (int(parts[name]) for name in ("n", "r", "p"))
            salt, nonce, sealed = (base64.b64decode(parts[name], validate=True) for name in ("salt", "nonce", "sealed"))
            version = parts["version"]
        except (ValueError, KeyError, TypeError):
            raise broken from None
        fits = 2**14 <= cost <= _MAX_COST and 1 <= block <= _MAX_BLOCK and 1 <= parallel <= _MAX_PARALLEL
        if version != _VERSION or not fits or cost & (cost - 1) or len(salt) < 16 or len(nonce) != 12:
            raise broken
        key = _key(passphrase, salt, cost, block, parallel)
        try:
            return SecretStr(AESGCM(key).decrypt(nonce, sealed, self._bound).decode())
        except (InvalidTag, UnicodeDecodeError):
            raise WrongPassphrase(
                "That passphrase does not open the credentials file (or the file belongs to another profile or panel)."
            ) from None

    def write(self, secret: SecretStr, passphrase: SecretStr) -> None:
        """Seal the secret with a fresh salt and nonce. Raises CredentialError for a passphrase below 8 characters."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(passphrase.get_secret_value()) < 8:
            raise CredentialError("The passphrase needs 8 or more characters.")
        salt, nonce = os.urandom(16), os.urandom(12)
        key = _key(passphrase, salt, _COST, _BLOCK, _PARALLEL)
        sealed = AESGCM(key).encrypt(nonce, secret.get_secret_value().encode(), self._bound)
        content: dict[str, object] = {"version": _VERSION, "n": _COST, "r": _BLOCK, "p": _PARALLEL}
        for name, value in (("salt", salt), ("nonce", nonce), ("sealed", sealed)):
            content[name] = base64.b64encode(value).decode()
        write_private(self.path, json.dumps(content).encode())

    def remove(self) -> bool:
        """Delete the file; says whether there was one. Raises UnsafePath when it cannot be deleted."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UnsafePath(f"{self.path} cannot be deleted: {error.strerror}.") from None
        return True


def _key(passphrase: SecretStr, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=cost, r=block, p=parallel).derive(passphrase.get_secret_value().encode())
