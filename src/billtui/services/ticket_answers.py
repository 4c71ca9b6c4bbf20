"""The panel's answers about tickets: whether they are about an operation, and what the journal keeps of them (TKT).

Part of :mod:`billtui.services.settle`. Bodies of messages are not kept twice: what was written stands in the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billtui.services.operation_kinds import OperationKind
from billtui.services.plans import Operation
from billtui.services.ticket_params import object_of

K = OperationKind
Json = dict[str, Any]

_TICKET: Final = (
    "id", "number", "state", "department", "assignee", "account_id", "order_id", "last_message_id", "merged_into",
    "split_from",
)  # fmt: skip
_MESSAGE: Final = ("id", "ticket_id", "internal", "at")
MOST_TICKETS: Final = 50
"""Tickets of a bulk change that are kept one by one; of more, their ids."""


def is_about(answer: Mapping[str, Any], operation: Operation) -> bool:
    """Whether an answer that the panel kept is about what ``operation`` does."""
    params = operation.params
    match operation.kind:
        case K.TICKET_NEW:
            same = answer.get("department") == params["department"] and bool(answer.get("id"))
            said = _same_words(answer.get("subject"), params["subject"])
            return same and said and (answer.get("order_id") or None) == params.get("order_id")
        case K.TICKET_REPLY:
            return _is_this_message(answer, operation)
        case K.TICKET_CHANGE:
            return sorted(_ids(answer)) == sorted(operation.texts("ticket_ids"))
        case K.TICKET_MERGE:
            return answer.get("id") == params["into"]
        case K.TICKET_UNMERGE:
            return answer.get("id") == params["ticket_id"] and not answer.get("merged_into")
        case K.TICKET_SPLIT:
            return answer.get("split_from") == params["ticket_id"]
        case K.CANNED_SAVE:
            same = "reply_id" not in params or answer.get("id") == params["reply_id"]
            return same and _same_words(answer.get("title"), params["title"])
        case _:
            return True  # a deletion is answered by nothing


def _is_this_message(answer: Mapping[str, Any], operation: Operation) -> bool:
    """A note that the panel took for no note is not this one, nor is one without its files: a person looks (TKT-6).

    Words are not compared: a panel may tidy them up, and the seal of the plan keeps them as they were confirmed.
    """
    params = operation.params
    ticket, message = object_of(answer.get("ticket")), object_of(answer.get("message"))
    here = ticket.get("id") == params["ticket_id"] and message.get("ticket_id") == params["ticket_id"]
    files = message.get("attachments", [])
    same_files = isinstance(files, list) and len(files) == len(operation.files())
    same_eyes = (message.get("internal") is True) == (params["internal"] is True)
    return here and same_eyes and same_files


def _ids(answer: Mapping[str, Any]) -> list[str]:
    items = answer.get("items")
    if isinstance(items, list):
        return [str(object_of(one).get("id")) for one in items]
    return [str(answer.get("id"))]


def _same_words(one: object, other: object) -> bool:
    """Whether two texts differ at most in white space, which a panel may tidy up."""
    return isinstance(one, str) and isinstance(other, str) and one.split() == other.split()


def kept(operation: Operation, answer: Mapping[str, Any]) -> Json:
    """What the journal keeps of the panel's answer: which ticket and message, and how the ticket stands."""
    if operation.kind is K.TICKET_REPLY:
        message, ticket = object_of(answer.get("message")), object_of(answer.get("ticket"))
        seen = operation.text("seen")  # the message that this one directly follows, as the panel checked (TKT-9)
        return {"message": _short(message, _MESSAGE), "ticket": _short(ticket, _TICKET), "seen": seen}
    if operation.kind is K.CANNED_SAVE:
        return _short(answer, ("id", "title", "version"))
    items = answer.get("items")
    if isinstance(items, list):
        if len(items) > MOST_TICKETS:
            return {"ticket_ids": _ids(answer)}
        return {"tickets": [_short(object_of(one), _TICKET) for one in items]}
    return _short(answer, _TICKET)


def _short(thing: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    return {name: thing[name] for name in names if thing.get(name) is not None}
