"""Which invoice or order a word means, and what may go on without being asked."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.cli.confirming import Limit, check_unasked, confirm
from billtui.cli.exits import Exit
from billtui.cli.money_text import typed_money
from billtui.cli.problems import CliError
from billtui.cli.targets import invoice_ids, order_ids
from billtui.domain.money import Money
from billtui.services.store import StoreReader


def store(*rows: tuple[str, str]) -> StoreReader:
    """A copy that knows only ids and numbers (or names)."""
    found = [SimpleNamespace(id=one, number=name, name=name) for one, name in rows]
    return cast("StoreReader", SimpleNamespace(invoices=lambda: found, orders=lambda: found))


INVOICES = store(("267", "214"), ("320", "267"), ("5", "5"), ("9", "A-9"))


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["320"], ["320"]),
        (["5"], ["5"]),
        (["A-9"], ["9"]),
        (["214"], ["267"]),
        (["id:267"], ["267"]),
        (["number:267"], ["320"]),
        (["#267"], ["320"]),
        (["320", "id:320", "5", "#267"], ["320", "5"]),
    ],
)
def test_ids_and_numbers(words: list[str], ids: list[str]) -> None:
    assert invoice_ids(INVOICES, words) == ids


def test_a_word_that_could_mean_two_is_refused() -> None:
    """Never a guess: the invoice with id 267 is not the invoice with number 267."""
    with pytest.raises(CliError) as refused:
        invoice_ids(INVOICES, ["5", "267"])
    assert refused.value.problem.code == "ambiguous"
    assert refused.value.problem.exit is Exit.USAGE
    assert refused.value.problem.more["hint"] == "Write id:267 or number:267"


def test_a_name_that_several_orders_have_is_refused() -> None:
    twins = store(("1", "web"), ("2", "web"), ("3", "db"))
    with pytest.raises(CliError) as refused:
        order_ids(twins, ["web"])
    assert refused.value.problem.more["hint"] == "Write id:1 or id:2"
    assert order_ids(twins, ["db", "2"]) == ["3", "2"]


@pytest.mark.parametrize("word", ["", "id:", "id:4", "number:320", "#", "id:number:267"])
def test_what_is_not_there_is_not_found(word: str) -> None:
    with pytest.raises(CliError) as refused:
        invoice_ids(INVOICES, [word])
    assert refused.value.problem.exit is Exit.NOT_FOUND


WORDS = st.from_regex(r"[0-9]{1,2}", fullmatch=True)
ROWS = st.lists(st.tuples(WORDS, WORDS), unique_by=(lambda row: row[0], lambda row: row[1]))


@given(ROWS, WORDS)
def test_what_is_found_has_that_id_or_number_and_no_other_does(rows: list[tuple[str, str]], word: str) -> None:
    meant = {one for one, number in rows if word in (one, number)}
    try:
        found = invoice_ids(store(*rows), [word])
    except CliError:
        assert len(meant) != 1
    else:
        assert meant == set(found)


@pytest.mark.parametrize("text", ["120", "120.00", "120,00", "120.00EUR", "120 eur", " 120.00 EUR "])
def test_amounts_as_they_are_typed(text: str) -> None:
    assert typed_money(text, "EUR", "x") == Money("120.00", "EUR")


@pytest.mark.parametrize("text", ["", "EUR", "-5", "1e3", "12.345", "120USD", "12 0 0 X", "٣", "NaN", "1_000", "0x10"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(CliError) as refused:
        typed_money(text, "EUR", "x")
    assert refused.value.problem.exit is Exit.USAGE


LIMIT = Limit(Decimal(100), 10)


@given(st.decimals(0, 500, places=2), st.integers(0, 30), st.one_of(st.none(), st.decimals(0, 500, places=2)))
def test_yes_never_goes_beyond_what_was_allowed(total: Decimal, steps: int, most: Decimal | None) -> None:
    """RELIABILITY: --yes alone covers the limit, by amount and by count; --max-total covers exactly itself."""
    allowed = (most is not None and total <= most) or (most is None and total <= 100 and steps <= 10)
    text = None if most is None else f"{most}EUR"
    try:
        check_unasked(Money(total, "EUR"), steps, LIMIT, text)
    except CliError as error:
        assert not allowed
        assert error.problem.exit is Exit.USAGE
    else:
        assert allowed


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", cast("Any", None))
    with pytest.raises(CliError) as refused:
        confirm(Money(150, "EUR"), 1, LIMIT, yes=False, max_total=None)
    assert "--yes and --max-total 150.00EUR" in refused.value.problem.more["hint"]
