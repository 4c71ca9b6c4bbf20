"""What a step is about: names of the copy, ids only where the copy has none."""

from __future__ import annotations

from pathlib import Path

from billtui.domain.models import Order
from billtui.services.journal.targets import MOST_NAMED, about_words
from billtui.services.store import Store, StoreReader
from tests.support.small_panel import order


def test_orders_stand_with_their_names(tmp_path: Path) -> None:
    store = Store(tmp_path / "copy.db")
    store.apply_orders([Order.model_validate(order(1, id="vds:7", name="web-de-01"))])
    reader = StoreReader(store.path)
    assert about_words(reader, ["order:vds:7"]) == "order web-de-01"
    assert about_words(reader, ["order:vds:7", "order:vds:1"]) == "orders web-de-01, vds:1"
    assert about_words(reader, ["transfer:t9", "order:vds:7"]) == "transfer t9; order web-de-01"
    assert about_words(reader, ["order"]) == "order" and about_words(reader, []) == ""


def test_of_a_thousand_a_few_are_named_and_the_others_counted() -> None:
    words = about_words(StoreReader(None), [f"order:{number}" for number in range(1_000)])
    assert words.endswith(f", {MOST_NAMED - 1} and {1_000 - MOST_NAMED} more")


def test_what_a_panel_sends_as_an_id_is_cleaned() -> None:
    assert "\x1b" not in about_words(StoreReader(None), ["order:\x1b[2J7"])
