"""What became of a write on a panel without keys: what the panel looked like before, and what it looks like now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from billtui.client.drivers.acts import Act, Finding, Picture, is_small
from billtui.client.errors import BadAnswer, ClientError
from billtui.client.exchange import Call, Conversation, Kind, Request, Steps, Together
from billtui.client.resources.resource import Resource

T = TypeVar("T")
_TOO_LARGE = "What the panel shows about this is too much to be kept for comparing."


@dataclass(frozen=True, slots=True)
class Outcomes(Resource):
    """``client.outcomes``. Everything here only reads."""

    async def before(self, act: Act) -> Picture | None:
        """The picture to keep before ``act`` is sent; ``None`` where this kind of panel offers nothing to compare."""
        request = self._driver.before(act)
        if request is None:
            return None
        picture = await self.client.run(_only_reads(request))
        if not is_small(picture):
            raise BadAnswer(_TOO_LARGE, "Nothing was sent.")
        return picture

    async def found(self, act: Act, before: Mapping[str, Any]) -> Finding:
        """What comparing the panel with the picture ``before`` says about ``act``, whose answer was lost."""
        finding = await self.client.run(_only_reads(self._driver.found(act, before)))
        if not is_small(finding.now):
            raise BadAnswer(_TOO_LARGE)
        return finding


def _only_reads(request: Request[T]) -> Conversation[T]:
    """``request``, which is broken off before it would send a write: looking has no effect, whatever a driver does."""

    def begin() -> Steps[T]:
        steps = request.begin() if isinstance(request, Conversation) else _alone(request)
        result: object = None
        failed: ClientError | None = None
        try:
            while True:
                call = steps.throw(failed) if failed is not None else steps.send(result)
                if isinstance(call, Together):
                    call = Together(tuple(map(_only_reads, call.requests)))
                elif call.exchange.kind is Kind.WRITE:
                    raise AssertionError("a driver looks by reads only")
                result, failed = None, None
                try:
                    result = yield call
                except ClientError as error:
                    failed = error
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            steps.close()

    return Conversation(begin, request.capability)


def _alone(call: Call[T]) -> Steps[T]:
    result: T = yield call
    return result
