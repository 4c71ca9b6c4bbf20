"""Which purses an account has: what is not there is no purse of 0.00 (ACC-4)."""

from __future__ import annotations

from typing import Any

import pytest

from billtui.domain.models import Account
from billtui.domain.money import Money

CLIENT = ["orders.renew", "invoices.pay", "balance.move", "tickets"]
STAFF = ["tickets", "staff", "changes", "operations", "account.password"]


def account(capabilities: list[str], role: str, internal: str = "0.00", **more: Any) -> Account:
    none = {"amount": "0.00", "currency": "EUR"}
    return Account.model_validate(
        {"panel_id": "p-1", "account_id": "1", "login": "sam.desk", "email": "sam@panel.example", "role": role,
         "capabilities": capabilities, "balances": {"internal": {**none, "amount": internal}, "affiliate": none}} | more
    )  # fmt: skip


def test_support_that_pays_nothing_has_no_purse() -> None:
    sam = account(STAFF, "support")
    assert (sam.internal, sam.affiliate, sam.purses) == (None, None, {})


def test_money_that_is_there_is_shown_to_whomever_it_belongs() -> None:
    assert account(STAFF, "support", "5.00").internal == Money("5.00", "EUR")


@pytest.mark.parametrize("more", [["balance.top-up"], ["invoices.pay"], ["orders.new"]])
def test_support_that_may_also_buy_has_a_purse(more: list[str]) -> None:
    assert account(STAFF + more, "support").internal == Money("0.00", "EUR")


@pytest.mark.parametrize("capabilities", [CLIENT, []])
def test_an_empty_purse_of_a_client_is_one(capabilities: list[str]) -> None:
    assert account(capabilities, "client").internal == Money("0.00", "EUR")


def test_an_account_without_a_currency_has_none() -> None:
    none = {"amount": "0.00", "currency": "XXX"}
    one = account([], "support", currency="XXX", balances={"internal": none, "affiliate": none})
    assert one.internal is None
