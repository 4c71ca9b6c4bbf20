"""The published description of the Billing API: OpenAPI 3.1, made from the routes and the engine's wire types."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any, NotRequired

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from billtui.sandbox.engine import wire, wire_accounts, wire_quotes, wire_staff, wire_tickets
from billtui.sandbox.http.problems import MEDIA_TYPE

_REF = "#/components/schemas/"
TITLE = "Billing API"
VERSION = "1.0"
DESCRIPTION = (
    "Bills, servers, renewals and payments of one account. Every write takes an `Idempotency-Key`; the same key with "
    "the same request answers again what was answered first, and `GET /operations/{key}` tells what became of it. "
    "Errors are `application/problem+json` with a stable `code`."
)
_STATUS_TEXT = {
    401: "Not signed in, or the session has expired",
    403: "The role may not do that (ACC-7), or not with this API key (ACC-5)",
    404: "No such object in this account",
    409: "A rule forbids it; `code` and `rule` say which",
    410: "The cursor is too old: reload everything",
    412: "The object has another version than `If-Match` says",
    413: "The body is too large",
    422: "The request is not valid; `fields` says where",
    423: "The login is locked; `Retry-After` says for how long (ACC-6)",
    429: "Too many requests; `Retry-After` says when to go on",
    503: "The panel is not available; nothing was done",
}
_READ_ERRORS = (401, 403, 422, 429, 503)
_WRITE_ERRORS = (401, 403, 413, 422, 429, 503)


class ProblemJSON(TypedDict):
    """RFC 9457, with what helps to act on it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    rule: NotRequired[str]
    fields: NotRequired[dict[str, str]]
    related: NotRequired[dict[str, str]]
    available_from: NotRequired[str]


_WIRE_TYPES: tuple[type, ...] = (
    wire_accounts.AccountJSON,
    wire.OrderJSON,
    wire.InvoiceJSON,
    wire.PaymentMethodJSON,
    wire.PaymentJSON,
    wire_quotes.QuoteJSON,
    wire_quotes.BoughtOrdersJSON,
    wire_quotes.BoughtJSON,
    wire.LedgerLineJSON,
    wire.TransferJSON,
    wire.TopUpJSON,
    wire.MoveJSON,
    wire.PlanJSON,
    wire.LocationJSON,
    wire.AddonJSON,
    wire.StockJSON,
    wire.ChangeFeedJSON,
    wire.OperationStatusJSON,
    wire_accounts.SessionTokenJSON,
    wire_accounts.SessionJSON,
    wire_accounts.ApiKeyJSON,
    wire_accounts.NewApiKeyJSON,
    wire_accounts.TotpSetupJSON,
    wire_accounts.RecoveryCodesJSON,
    wire_tickets.DepartmentJSON,
    wire_tickets.TicketJSON,
    wire_tickets.TicketMessageJSON,
    wire_tickets.PostedMessageJSON,
    wire_tickets.AttachmentJSON,
    wire_tickets.RevealedAccessJSON,
    wire_staff.CannedReplyJSON,
    wire_staff.ShiftSummaryJSON,
    ProblemJSON,
)


def ref(name: str) -> dict[str, Any]:
    """A reference to a schema by its name on the wire (``Order``)."""
    return {"$ref": _REF + name}


def list_of(name: str) -> dict[str, Any]:
    """The schema of a page of ``name``."""
    return {
        "type": "object",
        "required": ["items", "next_cursor", "total"],
        "properties": {
            "items": {"type": "array", "items": ref(name)},
            "next_cursor": {"type": ["string", "null"]},
            "total": {"type": "integer", "minimum": 0},
        },
    }


def items_of(name: str) -> dict[str, Any]:
    """The schema of ``{"items": […]}``."""
    return {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": ref(name)}},
    }


def _problems(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": _STATUS_TEXT[status], "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
        for status in sorted(set(statuses))
    }


def reads(schema: dict[str, Any], *more: int) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a read: 200 with ``schema``, 304, and the problems that can come."""
    tag = {"ETag": {"schema": {"type": "string"}, "description": "Send it back as If-None-Match."}}
    return {
        200: {"description": "OK", "headers": tag, "content": {"application/json": {"schema": schema}}},
        304: {"description": "What the client has is still right"},
        **_problems((*_READ_ERRORS, *more)),
    }


def writes(schema: dict[str, Any] | None, *more: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a write; ``schema`` ``None`` for an answer without a body."""
    done: dict[str, Any] = {"description": "Done"}
    if schema is not None:
        done["content"] = {"application/json": {"schema": schema}}
    return {status: done, **_problems((*_WRITE_ERRORS, *more))}


_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": "Chosen by the client, one per operation; scoped to the account, remembered for 30 days.",
}
_OPTIONAL_KEY = {
    **_KEY_PARAMETER,
    "required": False,
    "schema": {"type": "string"},
    "description": "Accepted; the answer is not stored.",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": '^"?[0-9]{1,18}"?$'},
    "description": "The `version` of the object that the client saw; another one is refused with 412.",
}


def keyed(*, if_match: bool = False) -> dict[str, Any]:
    """``openapi_extra`` of a write whose answer is stored."""
    return {"parameters": [_KEY_PARAMETER, *([_IF_MATCH] if if_match else [])]}


def unkeyed() -> dict[str, Any]:
    """``openapi_extra`` of a write whose answer is not stored."""
    return {"parameters": [_OPTIONAL_KEY]}


def _component_schemas() -> dict[str, Any]:
    """The wire types by their names without the ending that marks them in the code."""
    _, definitions = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in _WIRE_TYPES], ref_template=_REF + "{model}"
    )
    text = json.dumps(definitions["$defs"]).replace('JSON"', '"')
    schemas: dict[str, Any] = json.loads(text)
    return schemas


def install(app: FastAPI) -> None:
    """Let ``app`` publish the description, with our schemas in it."""

    @functools.cache
    def describe() -> dict[str, Any]:
        document = get_openapi(
            title=TITLE, version=VERSION, openapi_version="3.1.0", description=DESCRIPTION, routes=app.routes
        )
        schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas.update(_component_schemas())
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        return document

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's own way to extend the description


def as_text(app: FastAPI) -> str:
    """The description as it is kept in the repository: indented, with a line end."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1) + "\n"
