"""Attachments: files that messages name (TKT-6). They go in and out as raw bodies."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from billtui.domain.rules.tickets import NAME_LENGTH
from billtui.sandbox.engine import attachments
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_views import CONTENT_TYPE
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.calls import Reading, TicketWriting
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import only_once
from billtui.sandbox.http.openapi import keyed, reads, ref, writes

router = APIRouter(prefix=f"{PREFIX}/attachments", tags=["tickets"])
_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_RAW = {"requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": _FILE}}}}


@router.post("", status_code=201, responses=writes(ref("Attachment"), status=201), openapi_extra={**keyed(), **_RAW})
async def upload(
    call: TicketWriting,
    name: Annotated[str, Query(min_length=1, max_length=4 * NAME_LENGTH, description="What the file is called.")],
) -> Response:
    """Hand a file over, 10 MiB at most. What no message names within 24 hours is dropped (TKT-6)."""
    only_once(call.request, "name")
    who = Person.of(call.caller)
    return await call.answer(
        lambda tx: attachments.upload(tx, who, name.encode(errors="replace").decode(), call.body), 201
    )


@router.get("/{attachment_id}", responses={**reads(_FILE, 404)})
async def download(call: Reading, attachment_id: str) -> Response:
    """A file, as it was handed over: for whoever may read its message. It is never shown, only saved (TKT-6)."""

    def work(tx: Tx, caller: Caller) -> attachments.Stored:
        return attachments.download(tx, Person.of(caller), attachment_id)

    stored: attachments.Stored = await call.fetch(work)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(stored.data, media_type=CONTENT_TYPE, headers=headers)
