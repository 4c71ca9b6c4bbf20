"""Plans as documents: they survive a round trip, and nothing hostile or damaged gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.domain.models import Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.plans import MAX_PLAN_BYTES, Plan, PlanError, idempotency_key
from tests.support.money_panel import MoneyPanel


def payments(count: int = 3) -> Plan:
    panel = MoneyPanel()
    return planner.pay(panel.account(), panel.add_invoices(count), "internal")


def renewal() -> Plan:
    panel = MoneyPanel()
    orders = panel.add_orders(2)
    request = RenewalRequest.model_validate({"order_ids": ["1", "2"], "period": 3})
    quote = Quote.model_validate(panel._quote({"order_ids": ["1", "2"], "period": 3}))
    return planner.renew(panel.account(), quote, request, orders, "internal")


@pytest.mark.parametrize("plan", [payments(), renewal(), payments(0)], ids=["pay", "renew", "empty"])
def test_a_plan_survives_its_file(plan: Plan) -> None:
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()
    assert '"amount": "' in plan.to_json() and "10.0," not in plan.to_json()  # decimal strings, never floats (INV-10)


def test_the_limit_of_items_counts_orders_not_requests() -> None:
    """A bulk renewal is one request and its payment another; what it acts on are its orders."""
    targets = tuple(f"order:{number}" for number in range(50))
    plan = renewal()
    many = plan.model_copy(
        update={"operations": (plan.operations[0].model_copy(update={"targets": targets}), *plan.operations[1:])}
    )
    assert many.item_count == 50
    assert payments().item_count == 3


def test_keys_come_from_the_plan_and_the_number_alone() -> None:
    plan = payments()
    assert plan.key(1) == idempotency_key(plan.id, 1) == Plan.from_json(plan.to_json()).key(1)
    assert len({plan.key(1), plan.key(2), payments().key(1)}) == 3


def test_a_raw_name_survives_and_its_drawn_form_is_harmless() -> None:
    panel = MoneyPanel()
    panel.add_invoices(1)
    panel.invoices["1"]["number"] = "5\x1b[31m31"
    plan = planner.pay(panel.account(), panel.models([1]), "internal")
    again = Plan.from_json(plan.to_json())
    assert "\x1b" not in again.operations[0].title
    assert again.operations[0].facts["number"] == "5\x1b[31m31"


def broken(change: dict[str, Any] | None = None, operation: dict[str, Any] | None = None) -> str:
    data = json.loads(payments().to_json())
    data.update(change or {})
    if operation:
        data["operations"][0].update(operation)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "not a plan"),
        ("nonsense", "not a plan"),
        ("[]", "not a JSON object"),
        ("{}", "schema version none"),
        ('{"schema_version": NaN}', "NaN is not a number"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[" * 100_000, "not a plan"),
        (b"\xff\xfe\x00", "not a plan"),
        (broken({"schema_version": 2}), "schema version 2"),
        (broken({"schema_version": True}), "schema version"),
        (broken({"id": "../../etc/passwd"}), "32 hexadecimal"),
        (broken({"id": "A" * 32}), "32 hexadecimal"),
        (broken({"surprise": 1}), "surprise"),
        (broken({"panel_id": ""}), "belongs to a panel"),
        (broken({"total": {"amount": "1.00", "currency": "EUR"}}), "total is not the sum"),
        (broken({"total": {"amount": "30.00", "currency": "USD"}}), "damaged"),
        (broken({"total": {"amount": 30.0, "currency": "EUR"}}), "damaged at total"),
        (broken(operation={"amount": {"amount": "-10.00", "currency": "EUR"}}), "not negative"),
        (broken(operation={"amount": {"amount": "10.005", "currency": "EUR"}}), "damaged"),
        (broken(operation={"amount": None}), "carries its amount"),
        (broken(operation={"number": 7}), "numbered"),
        (broken(operation={"kind": "invoice.steal"}), "kind"),
        (broken(operation={"targets": ["invoice:1", "invoice:2"]}), "stands in two operations"),
        (broken(operation={"targets": ["invoice:9"]}), "not among its targets"),
        (broken({"profile": "work)\nTotal    0.01 EUR"}), "a name that no profile can have"),
        (broken(operation={"targets": ["invoice:1", "invoice:1"]}), "stands twice"),
        (broken(operation={"targets": ["order 17; rm -rf /"]}), "a target is"),
        (broken(operation={"targets": []}), "needs a target"),
        (broken(operation={"params": {}}), "needs method"),
        (broken(operation={"params": {"method": "internal"}}), "has an invoice"),
        (broken(operation={"takes_from": 1}), "earlier operation"),
        (broken(operation={"holdable": True}), "cannot be held"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) and not value.startswith(("{", "[")) else "plan",
)
def test_a_damaged_or_hostile_file_says_what_is_wrong(document: str | bytes, words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        Plan.from_json(document)
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_huge_file_is_not_even_parsed() -> None:
    with pytest.raises(PlanError, match="larger than 16 MB"):
        Plan.from_json(b" " * (MAX_PLAN_BYTES + 1))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_edit_of_a_file_crashes_or_changes_the_sum_unseen(data: st.DataObject) -> None:
    """Whatever is changed in the text: it is refused with a sentence, or the plan's own arithmetic still holds."""
    document = bytearray(renewal().to_json().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(document) - 1))
        document[place] = data.draw(st.integers(0, 255))
    try:
        plan = Plan.from_json(bytes(document))
    except PlanError:
        return
    paid_later = {operation.takes_from for operation in plan.operations}
    spent = [one.amount for one in plan.operations if one.amount is not None and one.number not in paid_later]
    assert plan.total == Money.total(spent, plan.total.currency)


def pushing(number: int, login: object = "ivan", account_id: str = "7") -> dict[str, Any]:
    """A push of one order, as it stands in a file."""
    params = {"order_ids": [str(number)], "recipient_login": login, "recipient_account_id": account_id}
    return {
        "number": number, "kind": "transfer.push", "targets": [f"order:{number}"], "params": params, "title": "Push",
    }  # fmt: skip


def test_a_plan_that_pushes_has_one_recipient_and_does_nothing_else() -> None:
    """To confirm it one login is typed: neither a second recipient nor a payment goes along under that word."""
    file = json.loads(payments(0).to_json())
    whole = json.dumps(file | {"operations": [pushing(1), pushing(2)]})
    assert len(Plan.from_json(whole).operations) == 2
    paying = json.loads(payments(1).to_json())
    (payment,) = paying["operations"]
    hostile = [
        file | {"operations": [pushing(1), pushing(2, *to)]} for to in (("mallory",), ("ivan", "8"), (["ivan"],))
    ]
    hostile.append(paying | {"operations": [pushing(1), payment | {"number": 2}]})
    for one in hostile:
        with pytest.raises(PlanError, match="to one recipient"):
            Plan.from_json(json.dumps(one))
