"""How a purchase may be paid, by what the account has and what the panel does by itself."""

from __future__ import annotations

import pytest

from billtui.domain.models import Account
from billtui.domain.money import Money
from billtui.screens.quoting import UNPAID, payment_choices


def account(internal: str, *told: str, affiliate: str = "0.00") -> Account:
    purses = {"internal": internal, "affiliate": affiliate}
    return Account.model_validate(
        {
            "panel_id": "p", "account_id": "1", "login": "ann", "email": "ann@example.org", "capabilities": list(told),
            "balances": {name: {"amount": one, "currency": "EUR"} for name, one in purses.items()},
        }
    )  # fmt: skip


TOTAL = Money("10.00", "EUR")


@pytest.mark.parametrize(
    ("one", "purses"),
    [
        (account("20.00", "orders"), ["internal"]),  # a panel that moves no affiliate money has none
        (account("20.00", "orders", "balance.move"), ["internal", "affiliate"]),
        (account("20.00", "orders", affiliate="0.01"), ["internal", "affiliate"]),
        (account("20.00"), ["internal", "affiliate"]),  # a panel that tells nothing of what it can
    ],
)
def test_only_purses_that_there_are_can_be_chosen(one: Account, purses: list[str]) -> None:
    assert [choice.id for choice in payment_choices(one, TOTAL, unpaid_detail="later")] == [*purses, UNPAID]
    assert list(one.purses) == purses and (one.affiliate is None) == (purses == ["internal"])


@pytest.mark.parametrize(("held", "free"), [("20.00", ["internal"]), ("10.00", ["internal"]), ("9.99", [UNPAID])])
def test_a_panel_that_pays_by_itself_offers_no_unpaid_invoice_while_the_balance_suffices(
    held: str, free: list[str]
) -> None:
    """To choose “the invoice only” there, and be charged, would be money that went unseen."""
    choices = payment_choices(account(held, "orders"), TOTAL, unpaid_detail="later", by_itself="Some panel")
    assert [one.id for one in choices if not one.refusal] == free
    assert "Some panel" in choices[-1].refusal + choices[-1].detail
