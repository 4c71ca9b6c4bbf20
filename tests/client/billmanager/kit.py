"""What the tests of the BILLmanager driver share: answers from the wire text, and a panel that plays a script."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings, Write
from billtui.client.drivers.billmanager.driver import BillManager
from billtui.client.errors import ClientError
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Request, Steps, Together
from tests.client.panel_stub import Line, Seen, answer

T = TypeVar("T")
Doc = dict[str, Any]
SESSION = "5f0e1d2c3b4a59687766"


def write() -> Write:
    """A write with a key of its own; this wire knows none."""
    return Write(uuid.uuid4().hex)


def text(value: str, **attributes: str) -> Doc:
    """A scalar as ``out=json`` has it."""
    return {"$": value, **{f"${name}": one for name, one in attributes.items()}}


def row(**fields: Any) -> Doc:
    """A row of scalars; ``a__b`` is ``a.b``."""
    return {name.replace("__", "."): text(value) if isinstance(value, str) else value for name, value in fields.items()}


def refusal(kind: str, about: str = "", words: str = "No.", **params: str) -> Doc:
    """``doc.error``."""
    error: Doc = {"$type": kind, "$object": about, "$lang": "en", "msg": text(words)}
    if params:
        error["param"] = [{"$name": name, "$": value} for name, value in params.items()]
    return {"error": error}


def as_answer(doc: Doc | str | bytes, status: int = 200, kind: str = "text/plain") -> Answer:
    """An answer with ``doc``, or with whatever bytes."""
    data = (
        doc if isinstance(doc, bytes) else doc.encode() if isinstance(doc, str) else json.dumps({"doc": doc}).encode()
    )
    return Answer(status, kind, data, len(data))


def fields_of(exchange: Exchange) -> dict[str, str]:
    """The form of an exchange; secrets opened."""
    found: dict[str, str] = {}
    for name, value in exchange.form or ():
        found[name] = value.get_secret_value() if isinstance(value, SecretStr) else value
    return found


Panel = Callable[[dict[str, str]], "Doc | str | bytes | Answer"]


def play(request: Request[T], panel: Panel, asked: list[dict[str, str]] | None = None) -> T:
    """Carry a request of the driver out against a function, without a network. Raises what the driver raises."""
    steps = request.begin() if isinstance(request, Conversation) else _alone(request)
    result: Any = None
    failed: ClientError | None = None
    try:
        while True:
            call = steps.throw(failed) if failed is not None else steps.send(result)
            result, failed = None, None
            if isinstance(call, Together):
                try:
                    result = tuple(play(one, panel, asked) for one in call.requests)
                except ClientError as error:
                    failed = error
                continue
            form = fields_of(call.exchange) | dict(call.exchange.query)
            form["path"] = call.exchange.path
            if asked is not None:
                asked.append(form)
            said = panel(form)
            reply = said if isinstance(said, Answer) else as_answer(said)
            try:
                if reply.status not in call.expect:
                    raise call.explain(reply)
                result = call.read(reply)
            except ClientError as error:
                failed = error
    except StopIteration as end:
        return cast("T", end.value)


def _alone(call: Call[T]) -> Steps[T]:
    result: T = yield call
    return result


def driver(**options: str) -> BillManager:
    """A driver of a client whose currency is known."""
    made = BillManager.for_profile("ivan", options)
    made.memory.currency, made.memory.level, made.memory.user_id = "EUR", 16, "77"
    return made


def scripted(table: dict[str, Any], seen: list[dict[str, str]] | None = None) -> Any:
    """A panel on a port: ``func`` → document, or a list of them, each used once (the last one stays)."""
    waiting = {func: list(docs) if isinstance(docs, list) else [docs] for func, docs in table.items()}

    async def script(asked: Seen, line: Line) -> None:
        form = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        if seen is not None:
            seen.append(form)
        docs = waiting.get(form.get("func", ""), [refusal("missed", "func", "No such function.")])
        doc = docs.pop(0) if len(docs) > 1 else docs[0]
        if callable(doc):
            await doc(asked, line)
        elif isinstance(doc, bytes):
            await line.send(doc)
        else:
            await line.send(answer({"doc": doc}))

    return script


def client_of(url: str, made: BillManager | None = None, **settings: Any) -> BillingClient:
    """A client with a session, short deadlines and this driver."""
    given = {"read_deadline": 5.0, "write_deadline": 5.0, "retry_base": 0.001} | settings
    return BillingClient(ConnectionSettings(url, **given), SecretStr(SESSION), driver=made or driver())
