"""Whatever a panel answers, nothing but a ClientError leaves, and no call hangs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.acts import Act
from billtui.client.drivers.fossbilling.driver import FossBilling
from billtui.client.drivers.fossbilling.role import Ways
from billtui.client.drivers.sealed import seal
from billtui.client.errors import ClientError
from billtui.client.exchange import Answer, Call, Conversation, Request, Together
from billtui.client.settings import Write
from billtui.domain.models import (
    MessageRequest,
    OrderCell,
    OrderRequest,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.fossbilling.replay import recorded

KEY = Write("a-key")
CLIENT = FossBilling(Ways(pays_by_renewal=True))
STAFF = FossBilling(Ways(staff=True))
USD = Money("4.50", "USD")
CELLS = [{"plan": "2", "location": "panel", "quantity": 1}]
ACTS = [
    Act("order.renew", {"order_ids": ["58"], "period": 1}, USD),
    Act("order.new", {"cells": CELLS, "period": 1}, USD),
    Act("balance.top-up", {"method": "Custom"}, USD),
    Act("invoice.pay", {"invoice_id": "34", "method": "internal"}, USD),
    Act("invoice.delete", {"invoice_id": "34"}),
    Act("ticket.new", {"subject": "a", "body": "b", "department": "1"}),
    Act("ticket.reply", {"ticket_id": "29", "body": "more"}),
    Act("ticket.change", {"ticket_ids": ["29"], "change": {"state": "closed"}}),
]


def quote() -> str:
    return seal("fossbilling-renewal", {"orders": ["58"], "period": 1})


def purchase() -> str:
    return seal("fossbilling-order", {"cells": [[3, 2]], "months": 3, "promo": "SAVE10"})


REQUESTS: dict[str, Callable[[], Request[Any]]] = {
    "sign_in": lambda: CLIENT.sign_in("a@example.com", SecretStr("password"), None),
    "sign_out": CLIENT.sign_out,
    "me": CLIENT.me,
    "staff me": STAFF.me,
    "password": lambda: CLIENT.change_password(SecretStr("old-one"), SecretStr("new-one")),
    "ask_recovery": lambda: CLIENT.ask_recovery("a@example.com"),
    "recover": lambda: CLIENT.recover(SecretStr("code"), SecretStr("new-one")),
    "orders": lambda: CLIENT.list_orders((("limit", "10"), ("cursor", "2.9.10"))),
    "orders by id": lambda: CLIENT.list_orders(tuple(("id", str(one)) for one in range(5))),
    "order": lambda: CLIENT.get_order("58"),
    "quote_renewal": lambda: CLIENT.quote_renewal(["58", "59"], 1, None),
    "renew": lambda: CLIENT.renew(quote(), USD, KEY),
    "quote_order": lambda: CLIENT.quote_order(
        OrderRequest(cells=[OrderCell.model_validate(CELLS[0])], period=1, promo_code=SafeText("SAVE10"))
    ),
    "buy_order": lambda: CLIENT.buy_order(purchase(), USD, KEY),
    "plans": lambda: CLIENT.plans(None),
    "stock": lambda: CLIENT.stock(None),
    "invoices": lambda: CLIENT.list_invoices((("state", "paid"), ("state", "unpaid"))),
    "invoice": lambda: CLIENT.get_invoice("34"),
    "methods": lambda: CLIENT.payment_methods("34"),
    "pay": lambda: CLIENT.pay("34", "internal", USD, KEY),
    "pay outside": lambda: CLIENT.pay("34", "Custom", USD, KEY),
    "delete": lambda: CLIENT.delete_invoice("34", KEY),
    "document": lambda: CLIENT.document("34", "pdf", Path("unused.pdf")),
    "ledger": lambda: CLIENT.ledger(()),
    "top_up": lambda: CLIENT.top_up(USD, "Custom", KEY),
    "departments": CLIENT.departments,
    "staff departments": STAFF.departments,
    "tickets": lambda: CLIENT.list_tickets(()),
    "ticket": lambda: CLIENT.get_ticket("29"),
    "messages": lambda: STAFF.ticket_messages("29", (("after", "39"),)),
    "new_ticket": lambda: CLIENT.new_ticket(TicketRequest(department="1", subject="a", body="b"), KEY),
    "reply": lambda: CLIENT.write_message("29", MessageRequest(body="more", seen="39", close=True), KEY),
    "close": lambda: CLIENT.change_ticket("29", TicketChange(state=TicketState.CLOSED), KEY),
    "canned": STAFF.canned_replies,
}
for _act in ACTS:
    REQUESTS[f"before {_act.kind}"] = lambda act=_act: CLIENT.before(act) or CLIENT.me()  # type: ignore[misc]
    REQUESTS[f"found {_act.kind}"] = lambda act=_act: CLIENT.found(  # type: ignore[misc]
        act, {"newest_invoice": 1, "newest_order": 1, "newest_ticket": 1, "newest_messages": []}
    )

KEYS = st.sampled_from(
    [
        "id", "hash", "list", "total", "page", "currency", "status", "lines", "title", "price", "period", "quantity",
        "created_at", "expires_at", "unpaid_invoice_id", "order_id", "messages", "content", "author", "code", "items",
        "orders", "invoice_hash", "balance", "pricing", "recurrent", "1M", "enabled", "tax", "taxrate", "service_id",
    ]
)  # fmt: skip
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        0, 1, -1, 58, 34, 10**30, 4.5, 1e300, 0.005, "", "0", "58", "3M", "USD", "0000-00-00 00:00:00",
        "2026-11-23 02:23:23", "9999-12-31 23:59:59", "unpaid", "paid", "active", "<b>x</b>", "\u202e", "x" * 300,
        "a" * 40, True, False, None, [], {}, "٣", "1e5", "-",
    ]
)  # fmt: skip
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=30
)
BODIES = [one.body for one in recorded()]


def _swapped(value: Any, replace: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: replace[key] if key in replace else _swapped(one, replace) for key, one in value.items()}
    if isinstance(value, list):
        return [_swapped(one, replace) for one in value[:3]]
    return value


def answer(body: bytes, kind: str = "application/json; charset=utf-8", status: int = 200) -> Answer:
    return Answer(status, kind, body, len(body), cookies={"PHPSESSID": "replayed0session0of0alice0"})


def carry_out(request: Request[Any], answers: list[Answer], most: int = 60) -> None:
    """As the runner does it: what an answer cannot be read as, and what a panel refuses, goes into the conversation."""

    def one(call: Call[Any] | Together) -> Any:
        assert isinstance(call, Call)
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if told.status not in call.expect:
            raise call.explain(told)
        return call.read(told)

    try:
        if isinstance(request, Call):
            one(request)
            return
        assert isinstance(request, Conversation)
        steps = request.begin()
        call = next(steps)
        for _ in range(most):
            try:
                result = one(call)
            except UnreadableAnswer as error:
                call = steps.throw(ClientError(f"unusable: {error}"))
            except ClientError as error:
                call = steps.throw(error)
            else:
                call = steps.send(result)
        pytest.fail("it asks for ever")
    except StopIteration:
        return
    except (ClientError, UnreadableAnswer):
        return


@pytest.mark.parametrize("name", list(REQUESTS))
def test_no_answer_makes_a_call_fail_otherwise(name: str) -> None:
    make = REQUESTS[name]

    @settings(max_examples=10, deadline=None, database=None)
    @given(st.lists(st.sampled_from(BODIES), min_size=1, max_size=5), st.dictionaries(KEYS, VALUES, max_size=3))
    def recordings_with_odd_values(bodies: list[Any], replace: dict[str, Any]) -> None:
        carry_out(make(), [answer(json.dumps(_swapped(one, replace)).encode()) for one in bodies])

    @settings(max_examples=10, deadline=None, database=None)
    @given(st.lists(VALUES, min_size=1, max_size=5))
    def results_of_any_shape(values: list[Any]) -> None:
        carry_out(make(), [answer(json.dumps({"result": one, "error": None}).encode()) for one in values])

    recordings_with_odd_values()
    results_of_any_shape()


PLAIN = [
    answer(b""), answer(b"{}"), answer(b"[]"), answer(b"null"), answer(b'{"result": '), answer(b'{"result": NaN}'),
    answer(b"<html>sign in</html>", "text/html"), answer(b"\xff\xfe"), answer(b"[" * 5000),
    answer(b'{"result": null, "error": "broken"}'), answer(b'{"result": null, "error": {"code": "HY000"}}'),
    answer(b'{"result": null, "error": {"message": 3, "code": 1e3}}'), answer(b"{}", status=302),
    answer(b"<html/>", "text/html", 401), answer(b"<html/>", "text/html", 403), answer(b"{}", status=429),
    answer(b"oops", "text/plain", 500), answer(b'{"result": [], "result": []}'),
    answer(b'{"result": {"list": [], "total": 1e999999999, "page": 1}, "error": null}'),
    answer(json.dumps({"result": {"list": [{"id": n} for n in range(400)], "total": 10**12}, "error": None}).encode()),
]  # fmt: skip


@pytest.mark.parametrize("name", list(REQUESTS))
def test_no_answer_that_is_none_makes_a_call_fail_otherwise(name: str) -> None:
    for told in PLAIN:
        carry_out(REQUESTS[name](), [told])


ORDER = next(one.body["result"] for one in recorded() if one.number == 16)
CART = next(one.body["result"] for one in recorded() if one.number == 31)


@pytest.mark.parametrize(
    "odd",
    [
        {"currency": ""}, {"currency": "", "unpaid_invoice_id": 7}, {"currency": None}, {"price": 1e12, "total": 1e12},
        {"discount": -999999999999}, {"period": "999Y"}, {"period": None}, {"expires_at": "9999-12-31 00:00:00"},
        {"currency": {"code": ""}}, {"currency": {"code": ""}, "items": []}, {"total": 1e12},
        {"items": [{"product_id": 3, "period": "3M", "quantity": "2", "total": 999999999999, "title": "x"}]},
    ],
)  # fmt: skip
def test_prices_of_odd_rows_are_refused_or_made_and_nothing_else(odd: dict[str, Any]) -> None:
    for row in (ORDER, CART):
        told = answer(json.dumps({"result": {**row, **odd}, "error": None}).encode())
        tax = answer(b'{"result": 99, "error": null}')
        for name in ("quote_renewal", "renew", "quote_order", "buy_order", "order", "me", "plans"):
            for turn in ([told], [told, tax, told], [told, told, tax, told]):
                carry_out(REQUESTS[name](), list(turn))
