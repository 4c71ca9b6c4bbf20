"""Expressions that choose orders: what is read is what is printed, mistakes say where and what to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.order_query import FIELDS, Op, Query, QueryError, Term, parse, split_filter

NUMBERS = st.decimals(-99_999, 99_999, places=2).map(lambda number: str(parse(f"days={number}").terms[0].values[0]))
TEXTS = st.text(st.sampled_from("abZ19-_.*?:=<>,\"'\\ \t\u00a0éß\u202e"), min_size=1, max_size=8)
COMPARED: list[Op] = ["=", "<", "<=", ">", ">="]
ASKED: list[Op] = [":", "="]


@st.composite
def terms(draw: st.DrawFn) -> Term:
    field = draw(st.sampled_from(["", *FIELDS]))
    negated = draw(st.booleans())
    if field and FIELDS[field].kind == "number":
        op = draw(st.sampled_from(COMPARED))
        values = draw(st.lists(NUMBERS, min_size=1, max_size=3 if op == "=" else 1, unique=True))
        return Term(field, op, tuple(values), negated)
    if field and FIELDS[field].kind == "choice":
        allowed = {"auto": ["on", "off", "1", "12"], "bill": ["open", "none"], "addon": ["any", "none"]}[field]
        return Term(field, ":", tuple(draw(st.lists(st.sampled_from(allowed), min_size=1, unique=True))), negated)
    op = draw(st.sampled_from(ASKED)) if field else ASKED[0]
    return Term(field, op, tuple(draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))), negated)


@given(st.lists(terms(), max_size=6).map(lambda found: Query(tuple(found))))
def test_what_is_printed_is_read_again(query: Query) -> None:
    assert parse(str(query)) == query


@given(st.text(alphabet=st.sampled_from('locdays:<>=-,"\\ \t.*?1x'), max_size=30))
def test_whatever_is_typed_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.hint
    else:
        assert parse(str(query)) == query


@given(st.text(st.sampled_from('ab1 -.:/<\u00a0\t"'), max_size=30))
def test_a_filter_without_a_field_is_plain_words(text: str) -> None:
    """What a person typed into ``/`` before there were expressions finds the same as ever."""
    found = split_filter(text)
    if not found.query.terms and found.error is None:
        assert found.words.split() == text.split()


def test_the_example() -> None:
    assert parse("loc:nl,pl days<7 plan:micro -tag:keep").terms == (
        Term("loc", ":", ("nl", "pl")),
        Term("days", "<", ("7",)),
        Term("plan", ":", ("micro",)),
        Term("tag", ":", ("keep",), negated=True),
    )


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("days<x", 5, "Write for example days<7"),
        ("web lok:nl", 4, "Did you mean loc:?"),
        ("http://x", 0, "put it in quotes"),
        ("price>", 6, "a value is missing behind “price>”"),
        ("loc:nl,", 7, "a value is missing"),
        ("state<4", 0, "Write state:VALUE"),
        ("auto:2x", 5, "auto:12"),
        ("bill:maybe", 5, "bill:open or bill:none"),
        ("days<1,2", 5, "compares with one number"),
        ('name:"web', 5, "this quote has no end"),
        ('"a"b', 3, "Put a blank or a comma"),
        ("web -", 4, "negates nothing"),
        ("loc:nldays<7", 10, "Put a blank in front"),
    ],
)
def test_mistakes_say_where_and_what_to_write(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert refused.value.position == position
    assert words in str(refused.value)
    assert f"character {position + 1}" in str(refused.value)


def test_a_filter_takes_fields_and_leaves_the_rest_as_words() -> None:
    found = split_filter("web-01 loc:nl http://x -tag:keep -02")
    assert found.words == "web-01 http://x -02"
    assert str(found.query) == "loc:nl -tag:keep"
    half = split_filter("web days<")
    assert (half.words, half.query.terms) == ("web", ())
    assert half.error is not None
