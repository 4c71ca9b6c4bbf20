"""What changed, and what became of an operation: how a client catches up and settles lost answers."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from billtui.sandbox.engine import changes, operations
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import ChangeFeedJSON
from billtui.sandbox.http.calls import Reading, dump
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import only_once
from billtui.sandbox.http.openapi import reads, ref

router = APIRouter(prefix=PREFIX, tags=["changes"])
MAX_WAIT = 15


@router.get("/changes", responses=reads(ref("ChangeFeed"), 410, 422))
async def feed(
    call: Reading,
    after: Annotated[str | None, Query(max_length=200, description="A cursor; without it, the present one.")] = None,
    wait: Annotated[int, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for a first change.")] = 0,
) -> Response:
    """What changed after a cursor; with ``wait`` the answer comes with the first change."""
    only_once(call.request, "after", "wait")

    def look(tx: Tx, caller: Caller) -> tuple[ChangeFeedJSON, float | None]:
        if after is None:
            return {"items": [], "cursor": changes.present_cursor(tx)}, None
        found = changes.changes_after(tx, caller.account_id, after, staff=caller.is_staff)
        due = None if found["items"] else call.panel.database.next_due()
        return found, None if due is None else max(0.0, (due - tx.now).total_seconds())

    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    hub = call.panel.hub
    while True:
        news = hub.join()
        try:
            found, until_due = await call.fetch(look)
            left = end - loop.time()
            if found["items"] or after is None or left <= 0 or hub.closing:
                return Response(dump(found), media_type="application/json", headers={"Cache-Control": "no-store"})
            try:
                # The clock may have work before anyone writes: look again when it has.
                async with asyncio.timeout(left if until_due is None else min(left, until_due + 0.001)):
                    await news.wait()
            except TimeoutError:
                pass
        finally:
            hub.leave(news)


@router.get("/operations/{key}", responses=reads(ref("OperationStatus")))
async def operation(call: Reading, key: str) -> Response:
    """What became of a write: ``never-seen``, ``running``, ``done`` with its answer, ``refused`` with the problem."""
    caller: Caller = await call.fetch(lambda _tx, caller: caller)
    status = await call.panel.read(lambda: operations.status(call.panel.database, caller.account_id, key))
    return Response(dump(status), media_type="application/json", headers={"Cache-Control": "no-store"})
