"""Which account a profile showed last: so that its copy can be shown before anything is asked of the panel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from billtui.config.errors import UnsafePath
from billtui.config.paths import locked, read_private, write_private
from billtui.services.store.schema import store_path

_ASKS = "asks"


def _asks(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get(_ASKS) is True


class KnownAccount(NamedTuple):
    """The account of a profile at its last visit. ``url`` and ``login`` must still be the profile's own."""

    panel_id: str
    account_id: str
    url: str
    login: str


class KnownAccounts:
    """A small private file, by profile."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "accounts.json"

    def get(self, profile: str, url: str, login: str) -> KnownAccount | None:
        """The account last seen, unless the profile now names another address or login."""
        entry = self._load().get(profile)
        if not isinstance(entry, dict):
            return None
        values = [entry.get(name) for name in KnownAccount._fields]
        if not all(isinstance(value, str) for value in values):
            return None
        known = KnownAccount._make(values)
        return known if known.url == url and (not login or known.login == login) else None

    def store(self, known: KnownAccount) -> Path:
        """Where that account's copy is."""
        return store_path(self._directory, known.panel_id, known.account_id)

    def put(self, profile: str, known: KnownAccount) -> None:
        """Note the account; a file that cannot be written is left (it only saves a moment at the start)."""
        try:
            with locked(self._path):
                content = self._load()
                entry = {**known._asdict(), **({_ASKS: True} if _asks(content.get(profile)) else {})}
                if content.get(profile) != entry:
                    content[profile] = entry
                    write_private(self._path, json.dumps(content, indent=1).encode())
        except (OSError, UnsafePath):
            return

    def asks(self, profile: str) -> bool:
        """Whether somebody had to type something for the last sign-in, and so knows that it comes again."""
        return _asks(self._load().get(profile))

    def put_asks(self, profile: str, asks: bool) -> None:
        """Note whether the next start will ask; a file that cannot be written is left."""
        try:
            with locked(self._path):
                content = self._load()
                entry = content.get(profile)
                if isinstance(entry, dict) and _asks(entry) != asks:
                    content[profile] = {**entry, _ASKS: asks}
                    write_private(self._path, json.dumps(content, indent=1).encode())
        except (OSError, UnsafePath):
            return

    def forget(self, profile: str) -> None:
        """Nothing is shown for ``profile`` before the next sign-in."""
        try:
            with locked(self._path):
                content = self._load()
                if content.pop(profile, None) is not None:
                    write_private(self._path, json.dumps(content, indent=1).encode())
        except (OSError, UnsafePath):
            return

    def _load(self) -> dict[str, object]:
        try:
            content = json.loads(read_private(self._path, 1024 * 1024))
        except (OSError, UnsafePath, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
