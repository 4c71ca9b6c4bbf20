"""Whatever a panel answers, the driver says it with an error of the client, and looking writes nothing."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.acts import Act
from billtui.client.errors import (
    ClientError,
)
from billtui.domain.models import (
    AutoRenew,
    MessageRequest,
    OrderCell,
    OrderRequest,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.documents import one
from tests.client.billmanager.kit import (
    driver,
    play,
    write,
)

EXAMPLES = 6


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["$", "$orig", "$id", "$name", "$type", "id", "elem", "ok", "error", "list", "slist", "val", "user", "auth",
             "p_elems", "p_num", "status", "cost", "price", "total", "total_sum", "billorder", "item.id", "item.type",
             "mlist", "message", "body", "realbalance", "number", "subaccountamount_iso", "node", "doc", "msg"]
        ),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


CALLS: dict[str, Any] = {
    "sign_in": lambda made: made.sign_in("ivan", SecretStr("pw"), SecretStr("123456")),
    "sign_out": lambda made: made.sign_out(),
    "me": lambda made: made.me(),
    "change_password": lambda made: made.change_password(SecretStr("a"), SecretStr("b")),
    "ask_recovery": lambda made: made.ask_recovery("a@example.org"),
    "recover": lambda made: made.recover(SecretStr("7:x"), SecretStr("b")),
    "list_orders": lambda made: made.list_orders(()),
    "get_order": lambda made: made.get_order("vds:8101"),
    "rename_order": lambda made: made.rename_order("vds:8101", "x", write()),
    "set_auto_renew": lambda made: made.set_auto_renew("vds:8101", AutoRenew(on=True, months=3), write()),
    "act_on_order": lambda made: made.act_on_order("vds:8101", "reboot", write(), None),
    "quote_renewal": lambda made: made.quote_renewal(["vds:8101"], 1, None),
    "quote_order": lambda made: made.quote_order(
        OrderRequest(cells=[OrderCell(plan=SafeText("vds-502"), location=SafeText("1"), quantity=1)], period=1)
    ),
    "plans": lambda made: made.plans(None),
    "locations": lambda made: made.locations(None),
    "stock": lambda made: made.stock(None),
    "list_invoices": lambda made: made.list_invoices(()),
    "get_invoice": lambda made: made.get_invoice("1"),
    "basket": lambda made: made.get_invoice("basket:1"),
    "payment_methods": lambda made: made.payment_methods("1"),
    "pay": lambda made: made.pay("1", "internal", Money("1.00", "EUR"), write()),
    "top_up": lambda made: made.top_up(Money("1.00", "EUR"), "card-2", write()),
    "delete_invoice": lambda made: made.delete_invoice("1", write()),
    "document": lambda made: made.document("1", "pdf", Path("/nowhere")),
    "ledger": lambda made: made.ledger(()),
    "departments": lambda made: made.departments(),
    "list_tickets": lambda made: made.list_tickets(()),
    "get_ticket": lambda made: made.get_ticket("1"),
    "ticket_messages": lambda made: made.ticket_messages("1", ()),
    "new_ticket": lambda made: made.new_ticket(TicketRequest(department="1", subject="s", body="b"), write()),
    "write_message": lambda made: made.write_message("1", MessageRequest(body="b"), write()),
    "change_ticket": lambda made: made.change_ticket("1", TicketChange(state=TicketState.CLOSED), write()),
    "rate_ticket": lambda made: made.rate_ticket("1", 5, "", write()),
}


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=EXAMPLES)
@given(docs=st.lists(JUNK.filter(lambda node: isinstance(node, dict)) | st.binary(max_size=60), min_size=1, max_size=6))
def test_whatever_comes_only_client_errors_leave(name: str, staff: bool, docs: list[Any]) -> None:
    made = driver()
    made.memory.currency = ""
    made.memory.level = 29 if staff else 16
    turn = iter(range(10_000))

    def panel(_form: dict[str, str]) -> Any:
        return docs[next(turn) % len(docs)]

    try:
        play(CALLS[name](made), panel)
    except (ClientError, UnreadableAnswer):
        pass


ACTS: dict[str, dict[str, Any]] = {
    "order.renew": {"order_ids": ["vds:8101"], "period": 1},
    "order.new": {"cells": [{"plan": "vds-502", "location": "1", "quantity": 1}], "period": 1},
    "invoice.pay": {"invoice_id": "7", "method": "internal"},
    "balance.top-up": {"method": "card-2"},
    "invoice.delete": {"invoice_id": "7"},
    "order.rename": {"order_id": "vds:8101", "name": "x"},
    "order.auto-renew": {"order_id": "vds:8101", "on": True, "months": 1},
    "ticket.new": {"subject": "s", "body": "b", "department": "1", "attachments": []},
    "ticket.reply": {"ticket_id": "1", "body": "b"},
    "ticket.change": {"ticket_ids": ["1"]},
}


@pytest.mark.parametrize("kind", ACTS)
@settings(max_examples=EXAMPLES)
@given(docs=st.lists(JUNK.filter(lambda node: isinstance(node, dict)), min_size=1, max_size=6))
def test_looking_never_writes_and_only_client_errors_leave(kind: str, docs: list[Any]) -> None:
    made = driver()
    act = Act(kind, ACTS[kind], Money("4.90", "EUR"))
    turn = iter(range(10_000))

    def panel(form: dict[str, str]) -> Any:
        assert form.get("sok") != "ok" or form["func"] in ("menu",) or form["func"].endswith(".filter")
        return docs[next(turn) % len(docs)]

    request = made.before(act)
    assert request is not None
    try:
        picture = play(request, panel)
        play(made.found(act, picture), panel)
    except (ClientError, UnreadableAnswer):
        pass


def test_an_action_has_nothing_to_compare() -> None:
    act = Act("order.action", {"order_id": "vds:1", "action": "reboot"})
    assert driver().before(act) is None
    assert play(driver().found(act, {}), one({})).state == "unclear"


def test_the_driver_holds_no_input_or_output() -> None:
    import billtui.client.drivers.billmanager as package

    folder = Path(inspect.getfile(package)).parent
    for file in folder.glob("*.py"):
        source = file.read_text()
        assert not re.search(r"import (httpx|asyncio|socket|time)\b|\bopen\(", source), file.name
