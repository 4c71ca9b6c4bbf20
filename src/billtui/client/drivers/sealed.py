"""What a driver has to know again at the next call, as text: the quotes of panels that have none.

A purchase takes the id of a quote. Where a panel prices nothing beforehand, the driver prices it itself and seals what
was asked for into that id. It holds no secret, is never stored (quotes are made afresh directly before each purchase),
and is checked when it is opened.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from typing import Any

from billtui.client.errors import ConfigurationProblem


def seal(kind: str, content: Mapping[str, Any]) -> str:
    """``content`` (plain JSON) as one word. A secret has no place in it."""
    text = json.dumps([kind, content], ensure_ascii=True, separators=(",", ":"))
    return urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def unseal(kind: str, text: str) -> dict[str, Any]:
    """What was sealed as ``kind``. Raises :class:`ConfigurationProblem` for anything else."""
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (Error, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != 2 or found[0] != kind or not isinstance(found[1], dict):
        raise ConfigurationProblem("This price belongs to another purchase. Nothing was sent; ask for it again.")
    return found[1]
