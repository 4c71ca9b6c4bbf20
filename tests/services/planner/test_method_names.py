"""What ways to pay are called where a panel numbers them."""

from __future__ import annotations

from billtui.domain.models import Account
from billtui.services.method_names import method_titles, method_words
from tests.client.wire_objects import account


def test_numbers_are_left_out_where_names_differ() -> None:
    assert method_titles(["card", "crypto-3", "bank-transfer-12"]) == {
        "card": "Card",
        "crypto-3": "Crypto currency",
        "bank-transfer-12": "Bank transfer",
    }


def test_two_that_are_called_alike_keep_theirs() -> None:
    assert method_titles(["card-2", "card-4"]) == {"card-2": "Card (card-2)", "card-4": "Card (card-4)"}


def test_a_way_is_named_in_a_sentence_as_people_call_it() -> None:
    known = Account.model_validate(account() | {"payment_methods": ["internal", "card-2", "bank-transfer-3"]})
    assert method_words(known, "card-2") == "card"
    assert method_words(known, "bank-transfer-3") == "bank transfer"
    assert method_words(known, "card-7") == "card (card-7)", "one that the panel has told of since"


def test_no_two_have_one_title_however_they_are_written() -> None:
    assert len(set(method_titles(["card-2", "Card-4", "bank-wire", "bank wire"]).values())) == 4


def test_what_a_panel_names_is_drawn_without_its_control_characters() -> None:
    """A line feed would make one way to pay look like two."""
    [title] = method_titles(["pay\x1b[2J\nInternal balance"]).values()
    assert "\n" not in title and "\x1b" not in title
