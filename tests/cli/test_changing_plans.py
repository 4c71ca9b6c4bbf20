"""Another plan by commands: the difference to the cent, paid and unpaid, cheaper, and every refusal (ORD-6)."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Cli

Json = dict[str, Any]


@pytest.fixture
def cli(own_cli: Callable[..., Cli]) -> Cli:
    return own_cli()


def of_plan(cli: Cli, plan: str) -> list[Json]:
    """Orders of that plan that nothing blocks and that have no price of their own, the latest end first."""
    found = [one for one in cli.renewable() + cli.orders("--state", "active") if one["plan"] == plan]
    free = {one["id"]: one for one in found if not one["individual_price"] and one["unpaid_invoice_id"] is None}
    return sorted(free.values(), key=lambda one: str(one["paid_until"]), reverse=True)


def ten_days_and_a_half_left(cli: Cli, order: Json) -> Fraction:
    """Let time pass until that much is left of the paid period; how many months that is, by the calendar (ORD-5)."""
    end = datetime.fromisoformat(order["paid_until"])
    now = datetime.fromisoformat(cli.sandbox.advance(seconds=0))
    begin = end - timedelta(days=10, hours=12)
    assert begin > now, "the seed has orders that are paid for longer"
    cli.sandbox.advance(seconds=int((begin - now).total_seconds()))
    if begin.day > 28:  # a month that begins there is cut short: not what is tested here
        cli.sandbox.advance(days=3)
        begin += timedelta(days=3)
    left = end - begin
    return Fraction(int(left.total_seconds()), calendar.monthrange(begin.year, begin.month)[1] * 86_400)


def near(amount: Json, exact: Fraction) -> bool:
    """Whether an amount is ``exact`` to the cent, give or take the seconds that the test itself takes."""
    return abs(Fraction(Decimal(amount["amount"])) - exact) <= Fraction("0.0101")


def test_a_dearer_plan_is_quoted_bought_and_paid(cli: Cli) -> None:
    """ORD-6, ORD-5: (34.90 − 5.90) a month for what is left; the plan changes with the payment."""
    order = of_plan(cli, "vds-micro")[0]
    months = ten_days_and_a_half_left(cli, order)
    shown = cli("quote", "plan-change", f"id:{order['id']}", "large")
    assert shown.code == 0
    assert "VDS large a month" in shown.out and "as you pay it now" in shown.out and "29.00" in shown.out
    assert "A ticket with the technical department opens by itself" in shown.out
    quoted = cli.json("quote", "plan-change", order["name"], "vds-large")
    assert near(quoted["total"], 29 * months), (quoted["total"], months)
    assert quoted["quote"]["lines"][0]["plan_change"]["new_plan"] == "vds-large"

    issued = cli.json("orders", "change-plan", f"id:{order['id']}", "large", "--yes")
    (buying,) = issued["job"]["operations"]
    assert (buying["kind"], buying["state"]) == ("order.change-plan", "done")
    invoice = cli.invoice(buying["answer"]["invoice"]["id"])
    assert (invoice["kind"], invoice["state"]) == ("plan-change", "unpaid")
    assert near(invoice["total"], 29 * months)
    assert cli.order(order["id"])["plan"] == "vds-micro"
    again = cli("orders", "change-plan", f"id:{order['id']}", "large", "--yes", "--json")
    assert (again.code, again.error["code"]) == (5, "open-invoice")
    assert again.error["related"]["invoice_id"] == invoice["id"]
    paying = cli.json("invoices", "pay", f"id:{invoice['id']}", "--method", "card", "--yes", "--max-total", "500EUR")
    cli.sandbox.settle(paying["job"]["operations"][0]["answer"]["id"])
    changed = cli.order(order["id"])
    assert (changed["plan"], changed["monthly_price"]["amount"]) == ("vds-large", "34.90")
    assert changed["paid_until"] == order["paid_until"]
    assert changed["plan_change_ticket_id"] is not None
    assert cli.sandbox.check_books() == []


def test_buying_and_paying_at_once_and_a_cheaper_plan(cli: Cli) -> None:
    """ORD-6: one command does both; a cheaper plan costs nothing, needs no payment, and gives nothing back."""
    order = of_plan(cli, "vds-small")[0]
    before = cli.internal()
    words = cli("orders", "change-plan", f"id:{order['id']}", "medium", "--pay", "internal", "--yes")
    assert words.code == 0
    assert "internal balance" in words.err and "the difference a month" in words.err
    assert cli.order(order["id"])["plan"] == "vds-medium"
    after = cli.internal()
    assert Decimal(after) < Decimal(before)
    cheaper = cli.json("orders", "change-plan", f"id:{order['id']}", "nano", "--pay", "internal", "--yes")
    (only,) = cheaper["job"]["operations"]
    assert (only["state"], only["answer"]["invoice"]["state"]) == ("done", "paid")
    assert cli.order(order["id"])["plan"] == "vds-nano"
    assert cli.internal() == after
    assert cli.sandbox.check_books() == []


def test_what_cannot_be_had_says_why(cli: Cli, tmp_path: Path) -> None:
    """ORD-6, ORD-7, BLK-2: exit 5 with the reason; a plan file is refused once the price moved (DSC-8)."""
    order = of_plan(cli, "vds-micro")[0]
    reference = f"id:{order['id']}"

    def code(*words: str) -> tuple[int, str]:
        result = cli("orders", "change-plan", *words, "--yes", "--json")
        return result.code, result.error["code"]

    assert code(reference, "micro") == (5, "plan-there")
    assert code(reference, "ds-e5") == (5, "plan-other-kind")
    assert code(reference, "gold") == (2, "unknown-plan")
    assert code("no-such-order", "medium") == (4, "not-found")
    own_price = next(one for one in cli.orders("--state", "active") if one["individual_price"])
    assert code(f"id:{own_price['id']}", "xlarge") == (5, "individual-price")
    blocked = cli.orders("--state", "blocked")[0]
    assert code(f"id:{blocked['id']}", "large")[0] == 5
    stock = {"plan": "vds-large", "location": order["location"], "available": 0}
    cli.sandbox.call("POST", "/sandbox/catalogue", {"stock": [stock]})
    assert code(reference, "large") == (5, "out-of-stock")
    file = str(tmp_path / "change.json")
    assert cli("orders", "change-plan", reference, "medium", "--plan-out", file).code == 0
    read = cli("plan", "show", file)
    assert "change of plan to vds-medium" in read.out
    price = {"plan": "vds-medium", "monthly_price": {"amount": "19.90", "currency": "EUR"}}
    cli.sandbox.call("POST", "/sandbox/catalogue", {"prices": [price]})
    stale = cli("apply", file, "--yes", "--json")
    assert (stale.code, stale.error["code"]) == (8, "facts-changed")
    assert "The price of VDS medium was 18.90 EUR, now it is 19.90 EUR." in stale.error["detail"]
    assert cli.order(order["id"])["unpaid_invoice_id"] is None
    anew = cli.json("jobs", "retry", stale.error["job_id"], "--yes")
    (bought,) = anew["job"]["operations"]
    assert (bought["kind"], bought["state"]) == ("order.change-plan", "done")
    assert cli.order(order["id"])["unpaid_invoice_id"] == bought["answer"]["invoice"]["id"]
