"""Codes that people copy from a mail or a list, or type from paper: groups of letters and digits that look apart."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u; five bits each."""
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None, "\u2011": None, "\u2010": None})


def new_code(groups: int, draw: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A fresh code of ``groups`` times five characters, 25 bits each: ``k3v9x-0fq2m``. ``draw`` gives random bytes."""
    return "-".join("".join(_ALPHABET[byte & 31] for byte in draw(5)) for _ in range(groups))


def plain(typed: str) -> str:
    """A code as it is compared: without hyphens and blanks, in lower case, look-alikes told apart."""
    return "".join(typed.split()).casefold().translate(_LOOKALIKES)


def fast_hash(secret: str) -> str:
    """The kept form of a secret that nobody can guess (100 bits or more), in hex: it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def code_hash(code: str) -> str:
    """What is kept of a code of 100 bits or more."""
    return fast_hash(plain(code))


def is_code(typed: str, kept: str | None) -> bool:
    """Whether ``typed`` is the code whose hash was kept, however it was typed. Takes the same time for any text."""
    return hmac.compare_digest(code_hash(typed), kept or "")
