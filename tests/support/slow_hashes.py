"""The reference panel hashes passwords slowly on purpose; in tests the same one is not worked out twice.

What is hashed, and how often, stays as it is and is counted (``tests/sandbox/engine/test_engine_neutral.py``): only the
processor's time for an answer that is known already is saved. Those who measure that time take the fixture
``hashes_worked_out``; a panel that is started as its users start one remembers nothing.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable

_worked_out: Callable[..., bytes] = hashlib.scrypt
_remembered: Callable[..., bytes] = functools.lru_cache(maxsize=4_096)(_worked_out)


def remember() -> None:
    """From now on this process, and what is forked from it, remembers what was hashed."""
    hashlib.scrypt = _remembered


def worked_out() -> Callable[..., bytes]:
    """scrypt as it is."""
    return _worked_out
