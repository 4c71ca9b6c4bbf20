"""What ways to pay are called where a panel numbers them."""

from __future__ import annotations

from billtui.screens.topping_up import method_titles


def test_numbers_are_left_out_where_names_differ() -> None:
    assert method_titles(["card", "crypto-3", "bank-transfer-12"]) == {
        "card": "Card",
        "crypto-3": "Crypto currency",
        "bank-transfer-12": "Bank transfer",
    }


def test_two_that_are_called_alike_keep_theirs() -> None:
    assert method_titles(["card-2", "card-4"]) == {"card-2": "Card (card-2)", "card-4": "Card (card-4)"}
