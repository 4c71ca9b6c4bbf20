"""What support works with: merging, bulk changes, canned replies, presence, a shift's summary (TKT-8 to TKT-10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from billtui.sandbox.engine import canned, shift_summary, ticket_merging, ticket_triage
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.tickets import seen_ticket
from billtui.sandbox.http.bodies_staff import BulkChangeBody, CannedReplyBody, MergeBody, PresenceBody, SplitBody
from billtui.sandbox.http.calls import Reading, StaffWriting, dump, only_staff
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import SHORT_LIST, only_once
from billtui.sandbox.http.openapi import items_of, keyed, list_of, reads, ref, unkeyed, writes

router = APIRouter(prefix=PREFIX, tags=["staff"])


@router.post("/tickets/bulk", responses=writes(items_of("Ticket"), 404, 409), openapi_extra=keyed())
async def bulk(call: StaffWriting, body: BulkChangeBody) -> Response:
    """Change up to 1,000 tickets alike, all of them or none; each that cannot be is named with its reason (TKT-8)."""
    who = Person.of(call.caller)
    return await call.answer(
        lambda tx: {"items": ticket_triage.bulk(tx, who, body.ticket_ids, body.change.staff_change())}
    )


@router.post("/tickets/merge", responses=writes(ref("Ticket"), 404, 409, 412), openapi_extra=keyed(if_match=True))
async def merge(call: StaffWriting, body: MergeBody) -> Response:
    """Merge tickets of one account into one of them (TKT-8); `If-Match` is about the one that stays."""
    who = Person.of(call.caller)
    return await call.answer(lambda tx: ticket_merging.merge(tx, who, body.ticket_ids, body.into, call.if_match))


@router.post(
    "/tickets/{ticket_id}/unmerge", responses=writes(ref("Ticket"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def unmerge(call: StaffWriting, ticket_id: str) -> Response:
    """Give a ticket that was merged away its messages and its state back (TKT-8)."""
    who = Person.of(call.caller)
    return await call.answer(lambda tx: ticket_merging.unmerge(tx, who, ticket_id, call.if_match))


@router.post(
    "/tickets/{ticket_id}/split",
    status_code=201,
    responses=writes(ref("Ticket"), 404, 409, 412, status=201),
    openapi_extra=keyed(if_match=True),
)
async def split(call: StaffWriting, ticket_id: str, body: SplitBody) -> Response:
    """Make a new ticket of messages that are about another problem (TKT-3, TKT-8)."""
    who = Person.of(call.caller)
    return await call.answer(
        lambda tx: ticket_merging.split(
            tx, who, ticket_id, body.message_ids, body.subject, body.department, call.if_match
        ),
        status=201,
    )


@router.put("/tickets/{ticket_id}/presence", responses=writes(items_of("Presence"), 404), openapi_extra=unkeyed())
async def presence(call: Reading, ticket_id: str, body: PresenceBody) -> Response:
    """Say what one does on a ticket; the answer says who else is there (TKT-9).

    It ends by itself after 30 seconds, is kept in memory alone, and needs no key: it is repeated at will.
    """
    presences = call.panel.database.presences
    row, who, at = await call.fetch(
        lambda tx, caller: only_staff(
            caller, lambda: (seen_ticket(tx, Person.of(caller), ticket_id).id, Person.of(caller), tx.at)
        )
    )
    others = presences.note(row, who.account_id, who.login, body.doing, at)
    return Response(dump({"items": others}), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/shift-summary", responses=reads(ref("ShiftSummary"), 422))
async def summary(
    call: Reading,
    since: Annotated[str, Query(max_length=40, description="From when on: RFC 3339, within the last 31 days.")],
    login: Annotated[str | None, Query(max_length=200, description="Whose work; without it, everybody's.")] = None,
) -> Response:
    """What support did since then, and what is left (TKT-10)."""
    only_once(call.request, "since", "login")
    return await call.answer(lambda tx, caller: only_staff(caller, lambda: shift_summary.summary(tx, since, login)))


@router.get("/canned-replies", responses=reads(list_of("CannedReply"), 403), openapi_extra=SHORT_LIST)
async def list_canned(call: Reading) -> Response:
    """Every canned reply (TKT-8)."""
    return await call.items(lambda tx, caller: only_staff(caller, lambda: list(canned.all_replies(tx))))


@router.post(
    "/canned-replies", status_code=201, responses=writes(ref("CannedReply"), status=201), openapi_extra=keyed()
)
async def new_canned(call: StaffWriting, body: CannedReplyBody) -> Response:
    """A new canned reply (TKT-8)."""
    return await call.answer(
        lambda tx: canned.save(tx, None, body.title, body.body, body.department, body.language), status=201
    )


@router.put(
    "/canned-replies/{reply_id}", responses=writes(ref("CannedReply"), 404, 412), openapi_extra=keyed(if_match=True)
)
async def change_canned(call: StaffWriting, reply_id: str, body: CannedReplyBody) -> Response:
    """Another title, text, department or language for a canned reply (TKT-8)."""
    return await call.answer(
        lambda tx: canned.save(tx, reply_id, body.title, body.body, body.department, body.language, call.if_match)
    )


@router.delete(
    "/canned-replies/{reply_id}",
    status_code=204,
    responses=writes(None, 404, 412, status=204),
    openapi_extra=keyed(if_match=True),
)
async def delete_canned(call: StaffWriting, reply_id: str) -> Response:
    """Delete a canned reply; answers that were made of it stay as they are."""
    return await call.answer(lambda tx: canned.delete(tx, reply_id, call.if_match), status=204)
