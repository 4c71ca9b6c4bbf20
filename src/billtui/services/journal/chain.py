"""The chain of events: each line carries the hash of the one before it.

That finds a line that was edited, removed or put elsewhere, and a cut in the middle. It does not stop somebody who
rewrites the whole chain: the claim is damage and gaps, no more.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

GENESIS: Final = "0" * 64


def link(
    previous: str, sequence: int, at: str, job_id: str, number: int, before: str | None, after: str, detail: str
) -> str:
    """The hash of one event after ``previous``."""
    line = json.dumps([previous, sequence, at, job_id, number, before, after, detail], separators=(",", ":"))
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()


def dump(detail: dict[str, Any]) -> str:
    """``detail`` as it stands in the chain."""
    return json.dumps(detail, separators=(",", ":"), sort_keys=True)
