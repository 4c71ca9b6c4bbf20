"""Faults to order: which ones are set, and which of them strike a request. Deterministic by their seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "/api/v1"
_SEGMENT = re.compile(r"\{[^{}/]*\}")


class FaultKind(StrEnum):
    """What can go wrong on the way."""

    LATENCY = "latency"
    JITTER = "jitter"
    HTTP_500 = "http-500"
    HTTP_503 = "http-503"
    RATE_LIMIT = "rate-limit"
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    TRUNCATE = "truncate"
    GARBLE = "garble"
    HTML = "html"
    EXPIRE_SESSION = "expire-session"
    SLOW_BODY = "slow-body"
    HUGE_BODY = "huge-body"
    LONG_REQUEST = "long-request"


DELAYS = frozenset({FaultKind.LATENCY, FaultKind.JITTER})
BEFORE = frozenset({FaultKind.HTTP_500, FaultKind.HTTP_503, FaultKind.RATE_LIMIT, FaultKind.DROP_BEFORE})
"""The work is not done."""
AFTER = frozenset(
    {
        FaultKind.DROP_AFTER,
        FaultKind.TRUNCATE,
        FaultKind.GARBLE,
        FaultKind.HTML,
        FaultKind.SLOW_BODY,
        FaultKind.HUGE_BODY,
    }
)
"""The work is done and committed; its answer suffers."""
DEFAULT_MS = {
    FaultKind.LATENCY: 1_000,
    FaultKind.JITTER: 1_000,
    FaultKind.RATE_LIMIT: 1_000,
    FaultKind.SLOW_BODY: 500,
    FaultKind.LONG_REQUEST: 1_000,
}


class Fault(BaseModel):
    """One fault: how likely, how often, and for which requests.

    ``ms`` is the delay (latency), its upper bound (jitter), the pause before every byte (slow-body) or the time to wait
    in ``Retry-After`` (rate-limit), or until the work is done (long-request: only of dialects that know such a thing).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    """Strikes at most this often; ``None`` is without end."""
    method: Annotated[str, Field(max_length=20)] | None = None
    path: Annotated[str, Field(max_length=300)] | None = None
    """With ``*`` or ``?`` a pattern over the whole path (``*`` also spans ``/``); else that path and all beneath it.

    A ``{name}`` stands for one segment, as in the description of the interface. With or without the prefix
    ``/api/v1``; without a leading ``/``, it may stand anywhere in the path. In the dialects of other panels the
    function counts as a part of the path: ``/billmgr/service.prolong``.
    """
    ms: Annotated[int, Field(ge=0, le=600_000)] | None = None

    def applies_to(self, method: str, path: str) -> bool:
        """Whether a request is in this fault's scope."""
        if self.method and self.method not in ("*", "") and self.method.upper() != method.upper():
            return False
        return not self.path or _path_matches(self.path, path)

    @property
    def delay(self) -> int:
        """Milliseconds, with the default of its kind."""
        return DEFAULT_MS.get(self.kind, 0) if self.ms is None else self.ms


class FaultOrder(BaseModel):
    """``POST /sandbox/faults``: the whole set; it replaces the present one. An empty list ends all faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 0
    faults: Annotated[list[Fault], Field(max_length=200)] = Field(default_factory=list)


def _path_matches(pattern: str, path: str) -> bool:
    short = path.removeprefix(PREFIX) or "/"
    pattern = _SEGMENT.sub("*", pattern)
    for candidate in (path, short):
        if any(char in pattern for char in "*?["):
            if fnmatchcase(candidate, pattern if pattern.startswith(("/", "*")) else f"*{pattern}"):
                return True
        elif not pattern.startswith("/"):
            if pattern in candidate:
                return True
        elif candidate == pattern or candidate.startswith(pattern.rstrip("/") + "/"):
            return True
    return False


@dataclass(slots=True)
class ArmedFault:
    """A fault with its own dice and a count of how often it struck."""

    fault: Fault
    dice: random.Random
    strikes: int = 0

    def strike(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts it if so."""
        if not self.fault.applies_to(method, path):
            return False
        if self.fault.times is not None and self.strikes >= self.fault.times:
            return False
        if self.dice.random() >= self.fault.probability:
            return False
        self.strikes += 1
        return True


@dataclass(slots=True)
class FaultSet:
    """The faults that are set now. Used from the event loop only."""

    seed: int = 0
    armed: list[ArmedFault] = field(default_factory=list)

    def replace(self, order: FaultOrder) -> None:
        """Forget the present faults and arm those of ``order``, dice at their start."""
        self.seed = order.seed
        self.armed = [
            ArmedFault(fault, random.Random(f"{order.seed}:{number}")) for number, fault in enumerate(order.faults)
        ]

    def strikes(self, method: str, path: str) -> list[ArmedFault]:
        """The faults that strike this request."""
        return [armed for armed in self.armed if armed.strike(method, path)]

    def view(self) -> dict[str, object]:
        """As ``GET /sandbox/faults`` shows it: the order, and how often each fault struck."""
        return {
            "seed": self.seed,
            "faults": [{**armed.fault.model_dump(mode="json"), "strikes": armed.strikes} for armed in self.armed],
        }
