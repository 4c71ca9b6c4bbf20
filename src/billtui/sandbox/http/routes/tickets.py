"""Tickets: lists, threads, writing, closing, server access (TKT)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.domain.models.tickets import TicketPriority, TicketState
from billtui.domain.periods import parse_instant
from billtui.sandbox.engine import server_access, ticket_messages, ticket_triage, tickets
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.departments import departments
from billtui.sandbox.engine.ticket_messages import MessagesWanted
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_views import messages_json
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import micros
from billtui.sandbox.engine.wire_tickets import PostedMessageJSON, TicketJSON
from billtui.sandbox.http.bodies_tickets import AccessBody, MessageBody, RevealBody, TicketBody, TicketChangeBody
from billtui.sandbox.http.calls import Direct, Reading, TicketWriting, WriteCall
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import (
    INSTANT,
    SHORT_LIST,
    ListParameters,
    described,
    invalid,
    limit_of,
    many,
    one,
)
from billtui.sandbox.http.openapi import keyed, list_of, reads, ref, unkeyed, writes
from billtui.sandbox.http.problems import ApiProblem
from billtui.sandbox.http.routes.access import NO_STORE

router = APIRouter(prefix=PREFIX, tags=["tickets"])
_LIST = ListParameters(
    ("id", "number", "created_at", "updated_at", "answer_due_at", "last_client_message_at"),
    (
        ("state", many(*TicketState), "Any of these states."),
        ("department", many(), "Any of these departments."),
        ("priority", many(*TicketPriority), "Any of these priorities."),
        ("order_id", many(), "About any of these orders."),
        ("invoice_id", many(), "About any of these invoices."),
        ("id", many(), "Any of these tickets."),
        ("updated_after", INSTANT, "Changed then or later."),
        ("assignee", many(), "Staff: taken by any of these colleagues."),
        ("unassigned", one("true", "false"), "Staff: whether nobody has it."),
        ("account_id", many(), "Staff: of any of these accounts."),
        ("tag", many(), "Staff: with all of these tags."),
        ("answer_due_before", INSTANT, "Staff: the first answer is due earlier than this (TKT-10)."),
    ),
)
_AFTER: dict[str, Any] = {"type": "string", "minLength": 1}
_THREAD = described(("limit", "cursor"), (("after", _AFTER, "A message's id: what was written after it."),))
_ALL = described(
    ("limit", "cursor"),
    (
        ("after", _AFTER, "A message's id: what was written after it."),
        ("state", many(*TicketState), "Of tickets in any of these states."),
        ("since", INSTANT, "Written then or later."),
    ),
)


@router.get("/departments", responses=reads(list_of("Department")), openapi_extra=SHORT_LIST)
async def list_departments(call: Reading) -> Response:
    """Whom a ticket is written to (TKT-1)."""
    return await call.items(lambda tx, _caller: list(departments(tx.policy)))


@router.get("/tickets", responses=reads(list_of("Ticket"), 422), openapi_extra=_LIST.openapi)
async def list_tickets(call: Reading, request: Request) -> Response:
    """A page of tickets, the last changed first: a client the own ones, staff all.

    Of their actions only the refused ones are listed, with code and what they relate to.
    """
    query = _LIST.read(request)
    return await call.answer(lambda tx, caller: tickets.list_tickets(tx, Person.of(caller), query))


@router.get("/tickets/{ticket_id}", responses=reads(ref("Ticket"), 404))
async def get_ticket(call: Reading, ticket_id: str) -> Response:
    """One ticket; every action with whether it is allowed, and if not why. Its messages come by pages."""
    return await call.answer(lambda tx, caller: tickets.get_ticket(tx, Person.of(caller), ticket_id))


@router.get("/tickets/{ticket_id}/messages", responses=reads(list_of("TicketMessage"), 404), openapi_extra=_THREAD)
async def list_thread(call: Reading, request: Request, ticket_id: str) -> Response:
    """A page of a thread, oldest first: 100 messages or 1,000,000 characters, whichever comes first (TKT-6)."""
    wanted = _wanted(request, "after")

    def work(tx: Tx, caller: Caller) -> Any:
        who = Person.of(caller)
        return ticket_messages.thread(tx, who, tickets.seen_ticket(tx, who, ticket_id), wanted)

    return await call.answer(work)


@router.get("/messages", responses=reads(list_of("TicketMessage")), openapi_extra=_ALL)
async def list_messages(call: Reading, request: Request) -> Response:
    """A page of the messages of all tickets that one sees, in the order in which they were written (TKT-6)."""
    wanted = _wanted(request, "after", "state", "since")
    return await call.answer(lambda tx, caller: ticket_messages.all_messages(tx, Person.of(caller), wanted))


def _wanted(request: Request, *names: str) -> MessagesWanted:
    given: dict[str, str] = {}
    states: list[str] = []
    for name, value in request.query_params.multi_items():
        if name not in (*names, "limit", "cursor"):
            raise invalid(name[:40] or "query", "unknown")
        if name == "state":
            if value not in tuple(TicketState):
                raise invalid(name, f"one of {', '.join(TicketState)}")
            states.append(value)
            continue
        if name in given:
            raise invalid(name, "given twice")
        if not value:
            raise invalid(name, "empty: leave it out")
        given[name] = value
    since: int | None = None
    if "since" in given:
        try:
            since = micros(parse_instant(given["since"]))
        except (ValueError, OverflowError) as error:
            raise invalid("since", "an instant such as 2026-01-31T12:00:00Z") from error
    limit = limit_of(given["limit"]) if "limit" in given else ticket_messages.MOST_MESSAGES
    return MessagesWanted(limit, given.get("cursor") or given.get("after"), tuple(states), since)


@router.post("/tickets", status_code=201, responses=writes(ref("Ticket"), 404, 409, status=201), openapi_extra=keyed())
async def open_ticket(call: TicketWriting, body: TicketBody) -> Response:
    """Write to a department (TKT-1). Staff opens one for a client, and says for which account."""
    return await _answer(call, lambda tx, who: tickets.open_ticket(tx, who, body.wish()), 201)


@router.post(
    "/tickets/{ticket_id}/messages",
    status_code=201,
    responses=writes(ref("PostedMessage"), 404, 409, 412, status=201),
    openapi_extra=keyed(if_match=True),
)
async def write_message(call: TicketWriting, ticket_id: str, body: MessageBody) -> Response:
    """A reply, or a note of staff (TKT-6). With `seen` it is refused where the thread has moved on (TKT-9)."""

    def work(tx: Tx, who: Person) -> PostedMessageJSON:
        row = tickets.seen_ticket(tx, who, ticket_id)
        tickets.check_seen(who, row, call.if_match)
        message = ticket_messages.write(tx, who, row, body.draft())
        return {"message": messages_json(tx, [message])[0], "ticket": tickets.ticket_json(tx, who, row)}

    return await _answer(call, work, 201)


@router.patch(
    "/tickets/{ticket_id}", responses=writes(ref("Ticket"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def change_ticket(call: TicketWriting, ticket_id: str, body: TicketChangeBody) -> Response:
    """Change what stands about a ticket: its client closes and rates (TKT-5), staff does the rest (TKT-8)."""
    if not body.model_fields_set:
        raise ApiProblem(422, "invalid-input", "Nothing to change: send what is to change.", fields={"body": "empty"})

    def work(tx: Tx, who: Person) -> TicketJSON:
        if who.is_staff:
            return ticket_triage.change(tx, who, ticket_id, body.staff_change(), call.if_match)
        tickets.seen_ticket(tx, who, ticket_id)
        change = _of_client(body)
        return tickets.change_as_client(tx, who, ticket_id, change, call.if_match)

    return await _answer(call, work)


def _of_client(body: TicketChangeBody) -> tickets.ClientChange:
    """What a client may change. Raises ``Forbidden`` for everything else."""
    if body.state == "open":
        raise tickets.staff_only("reopens a ticket without a word; a message of yours opens it again")
    if body.state == "on hold" or body.hold_until is not None:
        raise tickets.staff_only("puts a ticket on hold")
    if (
        (body.department, body.priority, body.assignee, body.subject) != (None,) * 4
        or body.tags_add
        or body.tags_remove
    ):
        raise tickets.staff_only("changes department, priority, assignee, subject and tags")
    return tickets.ClientChange(body.state == "closed", body.rating, body.rating_comment)


@router.put(
    "/tickets/{ticket_id}/access",
    status_code=204,
    responses=writes(None, 404, 409, status=204),
    openapi_extra=unkeyed(),
)
async def give_access(call: Direct, ticket_id: str, body: AccessBody) -> Response:
    """Give support access to the server that it is about; nothing of it is kept but sealed (TKT-4)."""
    secret = body.access.get_secret_value()
    return await _direct(call, lambda tx, who: server_access.give(tx, who, ticket_id, secret), 204)


@router.post(
    "/tickets/{ticket_id}/access/reveal", responses=writes(ref("RevealedAccess"), 404, 409), openapi_extra=unkeyed()
)
async def reveal_access(call: Direct, ticket_id: str, body: RevealBody) -> Response:
    """Read the server access: support only, for a reason, and the client sees that it was read (TKT-4)."""
    return await _direct(call, lambda tx, who: server_access.reveal(tx, who, ticket_id, body.reason))


async def _answer(call: WriteCall, work: Callable[[Tx, Person], Any], status: int = 200) -> Response:
    who = Person.of(call.caller)
    return await call.answer(lambda tx: work(tx, who), status)


async def _direct(call: WriteCall, work: Callable[[Tx, Person], Any], status: int = 200) -> Response:
    """Answer, and keep nothing of it."""
    who = Person.of(call.caller)
    answer = await call.answer(lambda tx: work(tx, who), status, store=False)
    answer.headers.update(NO_STORE)
    return answer
