"""P-MEM: of a hundred thousand orders a forecast keeps their names in one piece, and no rows."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from billtui.services.forecast import CentsHeld, Fleet, forecast
from billtui.services.forecast.fleet import Texts
from tests.services.forecast.test_fast_is_slow import DAY, NOW, T, order_row

ANY = st.text(st.characters(codec=None), max_size=12)


@given(st.lists(st.lists(ANY, max_size=5), max_size=5))
def test_texts_are_given_back_as_they_came(parts: list[list[str]]) -> None:
    """Of any script and length, halves of surrogate pairs too, however many come at once."""
    texts = Texts()
    for part in parts:
        texts.extend(part)
    wanted = [text for part in parts for text in part]
    assert [texts[n] for n in range(len(texts))] == wanted


def test_ids_are_numbers_only_while_all_are() -> None:
    """REN-4: 9 comes before 10, and whatever is no number behind all of them; at one instant the ids decide."""
    for ids in (["10", "9", "a-1", "11"], ["10", "9", "11", "1" * 30], ["10", "9", "11", "٣"]):
        rows = [order_row(key, paid_until=T + 5 * DAY, auto_on=0) for key in ids]
        made = forecast(Fleet(rows, [], "EUR"), CentsHeld(0, 0), NOW, 30)
        first = [event.order_id for event in made.events()][: len(ids)]
        assert first == ["9", "10", "11", next(key for key in ids if key not in ("9", "10", "11"))]


def test_a_forecast_holds_columns() -> None:
    """Bytes that stay, counted; a row alone is 600."""
    count = 4_000
    whole = 0

    def rows() -> Fleet:
        made = (
            order_row(f"{n}{n:07}", name=f"a-name-of-its-own-{n}", paid_until=T + DAY + n, auto_on=1)
            for n in range(count)
        )
        return Fleet(made, [], "EUR")

    forecast(rows(), CentsHeld(10**9, 0), NOW, 30)  # what is made once
    tracemalloc.start()
    try:
        made = forecast(rows(), CentsHeld(10**9, 0), NOW, 30)
        whole = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(made) >= count
    assert whole / count < 110
