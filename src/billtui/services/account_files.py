"""Small private files about one account of one panel: marks, saved selections, tags. Never another account's.

They are named by who the account is, never by an address or a profile, and hold ids and a person's own words only.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.config.errors import UnsafePath
from billtui.config.paths import read_private, write_private

if TYPE_CHECKING:
    from billtui.domain.models import Account


def account_file(state_dir: Path, folder: str, account: Account) -> Path:
    """The file of ``account`` in ``folder``; see :func:`file_of`."""
    return file_of(state_dir, folder, account.panel_id.raw, account.account_id.raw)


def file_of(state_dir: Path, folder: str, panel_id: str, account_id: str) -> Path:
    """``state_dir/FOLDER/KEY.json``; the key is a digest of panel and account, by their raw ids."""
    key = hashlib.sha256(f"{len(panel_id)}:{panel_id}:{account_id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return state_dir / folder / f"{key}.json"


def read_json(path: Path) -> object:
    """What the file holds; ``None`` where there is none, or nothing that can be used."""
    try:
        return json.loads(read_private(path))
    except (FileNotFoundError, ValueError, UnsafePath):
        return None


def write_json(path: Path, content: object) -> None:
    """Replace the file in one step. Raises UnsafePath, OSError."""
    write_private(path, json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode())
