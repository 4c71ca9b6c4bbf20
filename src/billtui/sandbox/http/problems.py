"""Errors on the wire: ``application/problem+json`` (RFC 9457) for every one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from billtui.domain.periods import format_instant
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine.errors import EngineRefusal, FieldsRefused

MEDIA_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """An answer that is an error, with everything that helps to act on it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        rule: str | None = None,
        fields: Mapping[str, str] | None = None,
        related: Mapping[str, str] | None = None,
        available_from: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``code`` is stable and kebab-case; ``detail`` is one sentence that says why and what to do instead."""
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.rule = rule
        self.fields = dict(fields or {})
        self.related = dict(related or {})
        self.available_from = available_from
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The problem as it stands on the wire."""
        return problem_body(
            self.status,
            self.code,
            self.detail,
            rule=self.rule,
            fields=self.fields,
            related=self.related,
            available_from=self.available_from,
        )


def problem_body(
    status: int,
    code: str,
    detail: str,
    *,
    rule: str | None = None,
    fields: Mapping[str, str] | None = None,
    related: Mapping[str, str] | None = None,
    available_from: datetime | None = None,
) -> dict[str, Any]:
    """A problem object; members without a value are left out."""
    body: dict[str, Any] = {
        "type": f"urn:billtui:problem:{code}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if rule:
        body["rule"] = rule
    if fields:
        body["fields"] = dict(fields)
    if related:
        body["related"] = dict(related)
    if available_from is not None:
        body["available_from"] = format_instant(available_from)
    return body


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def problem_response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer for a problem object."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        status_code=int(body["status"]),
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def from_refusal(error: RuleBroken | EngineRefusal) -> ApiProblem:
    """What the engine refused, as a problem: 409 for a broken rule, else the status of the refusal."""
    if isinstance(error, RuleBroken):
        refusal = error.refusal
        return ApiProblem(
            409,
            refusal.code,
            refusal.reason,
            rule=refusal.rule or None,
            fields=error.fields if isinstance(error, FieldsRefused) else None,
            related=refusal.related,
            available_from=refusal.available_from,
        )
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return ApiProblem(
        error.status,
        error.code,
        error.detail,
        rule=error.rule,
        fields=error.fields,
        available_from=error.available_from,
        headers=headers,
    )


def field_messages(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Per field what is wrong with it, without showing what was sent (it may be a secret)."""
    fields: dict[str, str] = {}
    for error in errors:
        parts = [str(part) for part in error.get("loc", ())]
        if len(parts) > 1 and parts[0] in ("body", "query", "path", "header"):
            parts = parts[1:]
        fields.setdefault(".".join(parts) or "body", str(error.get("msg", "not valid")))
    return fields


def install(app: FastAPI) -> None:
    """Every error of ``app`` becomes a problem: our own, a broken rule, bad input, unknown paths, and bugs."""

    async def api_problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiProblem)
        return problem_response(error.body(), error.headers)

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RuleBroken | EngineRefusal)
        problem = from_refusal(error)
        return problem_response(problem.body(), problem.headers)

    async def invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(invalid_input(error.errors()).body())

    async def http_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(_http_problem(error).body(), error.headers)

    async def bug(_request: Request, _error: Exception) -> Response:
        text = "The panel made an error. Ask for the state of the operation before you repeat it."
        return problem_response(problem_body(500, "internal-error", text))

    app.add_exception_handler(ApiProblem, api_problem)
    app.add_exception_handler(RuleBroken, refused)
    app.add_exception_handler(EngineRefusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, bug)


def invalid_input(errors: Sequence[Mapping[str, Any]]) -> ApiProblem:
    """422 with a message per field, from the errors of pydantic."""
    return ApiProblem(422, "invalid-input", "Something in the request is not valid.", fields=field_messages(errors))


def _http_problem(error: HTTPException) -> ApiProblem:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return ApiProblem(404, "not-found", "There is nothing at this address.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return ApiProblem(405, "method-not-allowed", "This address does not take that method.")
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # FastAPI's answer for a body that cannot be decoded at all.
        return ApiProblem(422, "invalid-input", "The body is not JSON.", fields={"body": "not JSON"})
    return ApiProblem(error.status_code, "http-error", str(error.detail))
