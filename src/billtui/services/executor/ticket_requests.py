"""Operations on tickets as requests: the files of a message first, each with its own key, then the message (TKT-6).

A file whose answer is lost is looked up by its own key, and not sent again where the panel has it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from billtui.client.errors import ClientError, OutcomeUnknown
from billtui.client.settings import Write
from billtui.domain.models import Attachment, MessageRequest, TicketRequest
from billtui.domain.safetext import SafeText
from billtui.services.attachments import content_of
from billtui.services.executor.events import Progress
from billtui.services.plans import Operation, OperationKind
from billtui.services.ticket_params import AttachedFile

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

K = OperationKind
Json = dict[str, Any]
Told = Callable[[Progress], None]
TELL_SECONDS: Final = 0.2
"""Time between two messages about one file on its way."""


def upload_key(key: str, place: int) -> str:
    """The idempotency key of the file at ``place`` (from 0) of the message with ``key``; the same for every re-send."""
    return hashlib.sha256(f"{key}/upload/{place}".encode()).hexdigest()


async def on_tickets(
    client: BillingClient, operation: Operation, key: str, if_match: int | None, told: Told, *, again: bool = False
) -> Json:
    """Send ``operation`` once; the panel's answer as JSON.

    ``again``: it was begun before, so files may be there already. Raises ClientError, AttachmentRefused, PlanError.
    """
    write = Write(key, if_match)
    answer: Json
    match operation.kind:
        case K.TICKET_NEW:
            files = await _uploaded(client, operation, key, told, again=again)
            answer = (await client.tickets.new(_new(operation, files), Write(key))).model_dump(mode="json")
        case K.TICKET_REPLY:
            files = await _uploaded(client, operation, key, told, again=again)
            request = _message(operation, files)
            posted = await client.tickets.write(operation.text("ticket_id"), request, Write(key))
            answer = posted.model_dump(mode="json")
        case K.TICKET_CHANGE:
            answer = await _change(client, operation, write)
        case K.TICKET_MERGE:
            merged = await client.staff.merge(operation.texts("ticket_ids"), operation.text("into"), Write(key))
            answer = merged.model_dump(mode="json")
        case K.TICKET_UNMERGE:
            answer = (await client.staff.unmerge(operation.text("ticket_id"), Write(key))).model_dump(mode="json")
        case K.TICKET_SPLIT:
            made = await client.staff.split(
                operation.text("ticket_id"), operation.texts("message_ids"), operation.text("subject"),
                operation.text("department"), Write(key),
            )  # fmt: skip
            answer = made.model_dump(mode="json")
        case K.CANNED_SAVE:
            saved = await client.staff.save_canned_reply(
                operation.text("title"), operation.text("body"), write, reply_id=_said(operation, "reply_id"),
                department=_said(operation, "department"), language=operation.text("language"),
            )  # fmt: skip
            answer = saved.model_dump(mode="json")
        case K.CANNED_DELETE:
            await client.staff.delete_canned_reply(operation.text("reply_id"), write)
            answer = {}
        case _:
            raise AssertionError(operation.kind)
    return answer


def _new(operation: Operation, files: tuple[str, ...]) -> TicketRequest:
    return TicketRequest(
        department=operation.text("department"),
        subject=operation.text("subject"),
        body=operation.text("body"),
        order_id=_said(operation, "order_id"),
        invoice_id=_said(operation, "invoice_id"),
        account_id=_said(operation, "account_id"),
        attachments=files,
    )


def _message(operation: Operation, files: tuple[str, ...]) -> MessageRequest:
    """``seen`` is always sent (TKT-9); what is not clearly a reply is a note (TKT-6)."""
    return MessageRequest(
        body=operation.text("body"),
        seen=operation.text("seen"),
        attachments=files,
        internal=operation.params.get("internal") is not False,
        close=operation.params.get("close") is True,
    )


async def _change(client: BillingClient, operation: Operation, write: Write) -> Json:
    ids, change = operation.texts("ticket_ids"), operation.change()
    if len(ids) == 1:
        return (await client.tickets.change(ids[0], change, write)).model_dump(mode="json")
    changed = await client.staff.bulk(ids, change, Write(write.key))
    return {"items": [one.model_dump(mode="json") for one in changed]}


def _said(operation: Operation, name: str) -> str | None:
    value = operation.params.get(name)
    return value if isinstance(value, str) and value else None


async def _uploaded(
    client: BillingClient, operation: Operation, key: str, told: Told, *, again: bool
) -> tuple[str, ...]:
    """The ids of the message's files on the panel, one upload after another: a thin line is not shared."""
    files, ids = operation.files(), list[str]()
    for place, file in enumerate(files):
        content = await asyncio.to_thread(content_of, file)
        its_key, news = upload_key(key, place), _News(file, place + 1, len(files), told)
        found = await _found(client, its_key, file) if again else None
        if found is None:
            try:
                found = await client.tickets.upload(file.name, content, Write(its_key), news.sent)
            except OutcomeUnknown:
                found = await _found(client, its_key, file)
                if found is None:
                    raise
        news.done()
        ids.append(found.id.raw)
    return tuple(ids)


async def _found(client: BillingClient, key: str, file: AttachedFile) -> Attachment | None:
    """The file, if the panel says that it has it: under this key, and this very one. Reads only."""
    try:
        status = await client.operations.status(key)
        found = Attachment.model_validate(status.answer) if status.state == "done" else None
    except (ClientError, ValueError):
        return None
    same = found is not None and found.size == file.size and found.sha256.raw in ("", file.sha256)
    return found if same else None


class _News:
    """How far one file is, told a few times a second."""

    def __init__(self, file: AttachedFile, number: int, count: int, told: Told) -> None:
        self._file, self._number, self._count, self._told = file, number, count, told
        self._last = 0.0

    def sent(self, count: int) -> None:
        now = time.monotonic()
        if now - self._last >= TELL_SECONDS:
            self._last = now
            self._tell(count)

    def done(self) -> None:
        self._tell(self._file.size, done=True)

    def _tell(self, count: int, *, done: bool = False) -> None:
        name = SafeText(self._file.name)
        self._told(Progress(name, count, self._file.size, self._number, self._count, done))
