"""What expressions choose, against a plain reading of the same words; and the algebra of not and and."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.periods import whole_months_between
from billtui.services.order_choice import chosen_by
from billtui.services.order_matching import predicate
from billtui.services.order_query import Query, parse
from billtui.services.store import OrderRow
from tests.services.order_rows import DAY, NOW, order_row
from tests.services.test_order_query import terms

TAGS = {"1": frozenset({"keep"}), "2": frozenset({"old", "keep"})}

rows = st.builds(
    order_row,
    st.sampled_from(["1", "2", "3"]),
    name=st.sampled_from(["web-nl-01", "DB pl", "a[1]"]),
    plan=st.sampled_from(["vds-micro", "micro", "vds-large"]),
    location=st.sampled_from(["nl", "pl", "us-east"]),
    state=st.sampled_from(["active", "blocked", "pending", "deleted"]),
    address=st.sampled_from(["", "203.0.113.5", "2001:db8::1"]),
    paid_until=st.one_of(st.none(), st.integers(NOW - 20 * DAY, NOW + 400 * DAY)),
    in_use_since=st.one_of(st.none(), st.integers(NOW - 4_000 * DAY, NOW + DAY)),
    price=st.integers(0, 20_000),
    discount=st.sampled_from(["0", "7", "12.5", ""]),
    auto_on=st.integers(0, 1),
    auto_months=st.sampled_from([1, 12]),
    unpaid_invoice_id=st.sampled_from([None, "77"]),
    addon_prices=st.sampled_from(["", "200 340"]),
)


def chosen(text: str, row: OrderRow) -> bool:
    return predicate(parse(text), NOW, TAGS)(row)


@given(st.lists(terms(), max_size=4), rows)
def test_and_is_all_of_them_and_not_is_the_rest(found: list, row: OrderRow) -> None:  # type: ignore[type-arg]  # terms
    each = [predicate(Query((term,)), NOW, TAGS)(row) for term in found]
    assert predicate(Query(tuple(found)), NOW, TAGS)(row) is all(each)
    for term, answer in zip(found, each, strict=True):
        assert predicate(Query((term._replace(negated=not term.negated),)), NOW, TAGS)(row) is not answer


@given(terms().filter(lambda term: len(term.values) > 1), rows)
def test_a_comma_is_any_of(term, row: OrderRow) -> None:  # type: ignore[no-untyped-def]  # a term
    term = term._replace(negated=False)
    alone = [predicate(Query((term._replace(values=(one,)),)), NOW, TAGS)(row) for one in term.values]
    assert predicate(Query((term,)), NOW, TAGS)(row) is any(alone)


@given(rows, st.integers(-3, 60))
def test_days_left_and_months_in_use_are_exact(row: OrderRow, number: int) -> None:
    left = None if row.paid_until is None else row.paid_until - NOW
    assert chosen(f"days<{number}", row) is (left is not None and left < number * DAY)
    assert chosen(f"days>={number}", row) is (left is not None and left >= number * DAY)
    assert chosen(f"days={number}", row) is (left is not None and number * DAY <= left < (number + 1) * DAY)
    since = row.in_use_since
    used = (
        None
        if since is None
        else whole_months_between(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(NOW, UTC))
    )
    assert chosen(f"used>={number}", row) is (used is not None and used >= number)
    assert chosen(f"used<{number}", row) is (used is not None and used < number)
    assert chosen(f"used={number}", row) is (used is not None and used == number)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("loc:nl", True), ("loc:n", False), ("loc:NL", True), ("loc=nl", True), ("loc:n*", True),
        ("plan:micro", True), ("plan=micro", False), ("plan=vds-micro", True), ("plan:mic", False),
        ("plan:mic*", False), ("plan:*mic*", True),
        ("name:nl", True), ("name:web-*", True), ("name:eb-*", False), ("name=web", False), ("name:w?b-nl-01", True),
        ("ip:203.0.113", True), ("ip:203.0.113.*", True), ("ip=203.0.113", False), ("ip:113.5", True),
        ("id:1", True), ("id:11", False),
        ("tag:keep", True), ("-tag:keep", False), ("tag:*", True), ("tag:kee", False),
        ("days<7", False), ("days>9.5", True), ("price=5.90", True), ("price>5.9", False), ("price>=5.895", True),
        ("discount=0", True), ("auto:off", True), ("auto:1", False), ("bill:none", True), ("addon:any", False),
        ("micro", True), ("KEEP", True), ("frankfurt", False), ("frankfurt,micro", True), ("web nl active", True),
        ("kind:vds", True), ("state:active,blocked", True), ("state:act", False), ("state:act*", True),
    ],
)  # fmt: skip
def test_what_each_field_means(text: str, found: bool) -> None:
    assert chosen(text, order_row("1")) is found


def test_brackets_are_no_pattern() -> None:
    assert chosen("name:*[1]*", order_row("1", name="a[1]b"))
    assert not chosen("name:*[1]*", order_row("1", name="a1b"))


def test_letters_that_have_no_capital_are_found_as_they_are_written() -> None:
    row = order_row("1", name="straße-1")
    assert all(chosen(text, row) for text in ("name:straße", "name=straße-1", "straße", "STRAßE", "name:STRAßE*"))


def test_what_is_gone_is_chosen_only_where_the_state_is_named() -> None:
    both = [order_row("1"), order_row("2", state="deleted")]
    assert [row.id for row in chosen_by(parse("loc:nl"), both, NOW, {})] == ["1"]
    assert [row.id for row in chosen_by(parse("loc:nl state:*"), both, NOW, {})] == ["1", "2"]
    assert [row.id for row in chosen_by(parse("loc:nl -state:active"), both, NOW, {})] == ["2"]
