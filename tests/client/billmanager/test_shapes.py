"""Nodes, money, dates and errors in every shape that the wire text shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager import figures, shapes
from billtui.client.drivers.billmanager.asking import Long, _look, document
from billtui.client.drivers.billmanager.problems import NoAccess, StillRunning, explain, explain_sign_in, refusal
from billtui.client.errors import (
    BadAnswer,
    ClientError,
    Forbidden,
    InvalidInput,
    LockedOut,
    NotFound,
    Outcome,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    SignInRefused,
)
from billtui.client.exchange import Kind
from billtui.domain.money import Money
from tests.client.billmanager import kit
from tests.support.spellings import Spelled, only_digits, spellings

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$", "$orig", "$name", "id", "elem", "msg", "param", "val", "doc", "error"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def test_a_scalar_however_it_comes() -> None:
    assert shapes.unwrap({"$": " 4.90 "}) == "4.90"
    assert shapes.unwrap([{"$": "7"}, {"$": "8"}]) == "7"
    assert shapes.unwrap("bare") == "bare"
    assert shapes.unwrap({}) == shapes.unwrap(None) == shapes.unwrap([]) == shapes.unwrap({"$orig": "2"}) == ""
    assert shapes.unwrap(5) == "5" and shapes.unwrap(True) == "on"


def test_the_original_is_preferred_to_the_translation() -> None:
    node = {"$": "Suspended by Administrator", "$orig": "3_employeesuspend"}
    assert shapes.original(node) == "3_employeesuspend"
    assert shapes.original({"$": "2"}) == "2"
    assert shapes.original({}) == ""


def test_a_list_is_none_one_object_or_an_array() -> None:
    one = {"id": {"$": "1"}}
    assert shapes.as_list(None) == shapes.as_list({}) == shapes.as_list([]) == []
    assert shapes.objects(one) == [one] == shapes.objects([one, "text", None])


def test_a_select_may_have_collapsed_in_the_form_before() -> None:
    inner = {"slist": {"$name": "period", "val": {"$key": "6", "$": "6 Months"}}, "pricelist": {"$": "502"}}
    assert shapes.options({"doc": inner}, "period") == [("6", {"$key": "6", "$": "6 Months"})]
    assert shapes.value({"doc": inner}, "pricelist") == "502"
    offered = {"slist": [{"$name": "recipe", "val": [{"$key": "null", "$": "none"}, {"$key": "3", "$": "LAMP"}]}]}
    assert [key for key, _ in shapes.options(offered, "recipe")] == ["3"]
    assert shapes.value({"autoprolong": {"$": "null"}}, "autoprolong") == ""


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("15.00 EUR", "15.00"),
        ("75.00 RUB / Месяц", "75.00"),
        ("1.80 € / Месяц", "1.80"),
        ("1\u00a0234,50 €", "1234.50"),
        ("1\u202f234\u202f567.00 EUR", "1234567.00"),
        ("1,234.50 USD", "1234.50"),
        ("1.234,50 EUR", "1234.50"),
        ("12'345.60 CHF", "12345.60"),
        ("  4.90 EUR / 3 Months ", "4.90"),
        ("€4,90", "4.90"),
        ("610.8000", "610.8000"),
        ("0.500", "0.500"),
        ("1234.500 EUR", "1234.500"),
        ("-5.00 EUR", "-5.00"),
        ("<del>10.00 EUR</del> <b>8.00 EUR</b> / 3 Months", "8.00"),
        ("<b>10.00 EUR</b> <b>8.00 EUR</b>", "8.00"),
        ("<p>Total amount: 3.00 EUR</p>", "3.00"),
        ("0", "0"),
    ],
)
def test_amounts_as_panels_write_them(text: str, amount: str) -> None:
    assert figures.amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["1 000" * 400, "1 000" * 399 + " EUR",
     "1 000 " * 60 + "EUR", "1 000" * 3, "12,34.56", "1 234'567",
     "- 15.00 EUR", "-€15.00", "15.00-", "15,-", "(15.00) EUR",
     "15.00-20.00 EUR", ".50 EUR", "007", "00.50", "+15.00 EUR", "1e5", "15.00 EURO", "10%", "1 23 EUR", "5 points",
     "EUR 5.00 EUR 15.00", "1 234 567 890 123 456.00", "<b>15</b>.00 EUR", "VDS 2 15.00 EUR", "KVM 2", "\u0661\u0662",
     "x" * 3_000 + " 5.00 EUR", "1,234.5,6 EUR"],
)  # fmt: skip
def test_what_could_be_another_amount_is_not_read(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        figures.money(text, "EUR")


@pytest.mark.parametrize(
    ("text", "said"),
    [("VDS-2 15.00 EUR", "15.00 EUR"), ("2026-11-23 15.00 EUR", "15.00 EUR"), ("1 month - 15.00 EUR", "15.00 EUR"),
     ("75,00 руб.", "75.00 RUB"), ("EUR15.00", "15.00 EUR"), ("€-15.00", "-15.00 EUR"), ("\u221215.00 €", "-15.00 EUR"),
     ("10% off: 15.00 EUR", "15.00 EUR"), ("Total (15.00 EUR)", "15.00 EUR"), ("1 000", "1 000.00 USD")],
)  # fmt: skip
def test_what_stands_beside_an_amount_does_not_change_it(text: str, said: str) -> None:
    assert str(figures.money(text, "USD")) == said


def test_a_price_that_cannot_be_read_is_none_that_is_worked_out() -> None:
    assert figures.shows_amount("Total: 12,34.56 EUR") and figures.shows_amount("€.50")
    assert not figures.shows_amount("KVM 2") and not figures.shows_amount("EUR") and not figures.shows_amount("")
    assert figures.money_in("5.00", "", "EUR") == figures.money_in("5.00 EUR", "€", "USD") == Money("5.00", "EUR")
    for text, beside in (("5.00 USD", "EUR"), ("5.00", "points"), ("5.00 USD", "")):
        with pytest.raises(UnreadableAnswer):
            figures.money_in(text, beside, "EUR")


@pytest.mark.parametrize("text", ["", "free", "1,234 EUR", "1.230 EUR", "12.500", "1.2.3", "EUR", "9" * 20 + " EUR"])
def test_what_is_no_amount_or_two_is_not_read(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        figures.amount_of(text)


def test_money_is_exact_or_unreadable() -> None:
    assert figures.money("15.0000", "EUR") == Money("15.00", "EUR")
    assert figures.money("15.00 USD", "EUR") == Money("15.00", "USD")
    with pytest.raises(UnreadableAnswer, match="two ways"):
        figures.money("15.005", "EUR")


def test_currencies_beside_and_alone() -> None:
    assert figures.currency_of("12.30 €") == figures.currency_of("€") == figures.currency_of("EUR") == "EUR"
    assert figures.currency_of("1 200,00 ₽") == "RUB"
    assert figures.currency_of("12.30") is None and figures.currency_of("nothing") is None


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("4.90 EUR / Month", 1, 0), ("4.90 EUR / 3 Months", 3, 0), ("1", 1, 0), ("12", 12, 0), ("-50", 0, 1),
        ("50.00 EUR / Year", 12, 0), ("1.00 EUR / Day", 0, 1), ("Half a year", 6, 0), ("Quarter", 3, 0),
        ("75.00 RUB / Месяц", 1, 0), ("3 мес.", 3, 0), ("610.80 RUB / Год", 12, 0), ("/ 2 года", 24, 0),
        ("/ 5 лет", 60, 0), ("Полгода", 6, 0), ("/ Квартал", 3, 0), ("2.50 RUB / День", 0, 1), ("/ 10 дней", 0, 10),
    ],
)  # fmt: skip
def test_periods_by_code_and_by_word(text: str, months: int, days: int) -> None:
    found = figures.length_of(text)
    assert found is not None and (found.months, found.days) == (months, days)


def test_what_is_no_period() -> None:
    for text in ("0", "-100", "Do not renew", "", "4.90 EUR", "0 months"):
        assert figures.length_of(text) is None
    assert figures.Length(months=3).monthly(Decimal("14.70")) == Decimal("4.90")
    assert figures.Length(days=1).monthly(Decimal("0.50")) == Decimal("15.00")


def test_dates_and_instants() -> None:
    assert figures.instant("2026-10-15") == datetime(2026, 10, 15, tzinfo=UTC)
    assert figures.instant("2026-02-01 10:00:00", timedelta(hours=3)) == datetime(2026, 2, 1, 7, tzinfo=UTC)
    for text in ("daily charging", "", "2026-13-01", "15.10.2026", "0001-01-01 00:00:00x"):
        assert figures.instant(text) is None
    assert figures.instant("0001-01-01", timedelta(hours=3)) is None


def test_html_becomes_text_and_code_is_kept() -> None:
    assert shapes.plain("<b>KVM-2</b><br/>Memory&nbsp;2 Gb") == "KVM-2 Memory 2 Gb"
    assert shapes.body("Look at <config> & </etc>\nplease") == "Look at <config> & </etc>\nplease"
    assert shapes.body("Hello<br/>there &lt;b&gt;<p>you</p>") == "Hello\nthere <b>you"


@given(ANYTHING, st.text(max_size=30))
def test_nothing_here_raises_for_a_shape(node: Any, text: str) -> None:
    for read in (shapes.unwrap, shapes.original, shapes.plain, shapes.body):
        assert isinstance(read(text if read in (shapes.plain, shapes.body) else node), str)
    assert isinstance(shapes.objects(node), list)
    if isinstance(node, dict):
        shapes.options(node, "period")
        shapes.rows_of(node, "itemlist")
        shapes.value(node, "id")
    for one in (figures.instant, figures.length_of, figures.currency_of):
        one(text)


@given(st.text(alphabet="0123456789.,'\u00a0 €EURUSD/-", max_size=30))
def test_an_amount_is_a_decimal_or_unreadable(text: str) -> None:
    try:
        assert figures.amount_of(text).is_finite()
    except UnreadableAnswer:
        pass


@given(spellings())
def test_every_clear_spelling_has_its_one_amount(spelled: Spelled) -> None:
    found = figures.money(spelled.text, "EUR")
    assert found == Money(spelled.amount, spelled.currency or "EUR"), spelled.text


@given(
    st.text(alphabet="0123456789.,'\u2019\u00a0 -\u2212", min_size=1, max_size=9), st.sampled_from(["", "€", " EUR"])
)
def test_no_digit_is_lost_or_added(text: str, behind: str) -> None:
    try:
        found = figures.amount_of(text + behind)
    except UnreadableAnswer:
        return
    if re.search(r"\d{4}-\d\d-\d\d", text):
        return  # a date is none of the amount's digits
    assert only_digits(text) == only_digits(str(found)), text


@given(ANYTHING)
def test_any_error_node_is_a_client_error(node: Any) -> None:
    assert isinstance(refusal(node), ClientError)


@given(st.binary(max_size=200))
def test_any_body_is_a_document_or_a_client_error(data: bytes) -> None:
    try:
        assert isinstance(document(kit.as_answer(data)), dict)
    except (ClientError, UnreadableAnswer):
        pass


# -- errors


@pytest.mark.parametrize(
    ("kind", "about", "expected", "code"),
    [
        ("access", "", NoAccess, "forbidden"),
        ("auth", "", SessionExpired, "session-expired"),
        ("auth", "badpassword", SignInRefused, "wrong-credentials"),
        ("auth", "blocklogon", LockedOut, "locked-out"),
        ("auth", "blocked_ip", LockedOut, "locked-out"),
        ("auth", "badip", Forbidden, "address-not-allowed"),
        ("auth", "blockgeoip", Forbidden, "region-not-allowed"),
        ("captcha_verification_failed", "", Forbidden, "captcha-wanted"),
        ("missed", "vds", NotFound, "not-found"),
        ("exists", "email", InvalidInput, "exists"),
        ("value", "period", InvalidInput, "invalid-input"),
        ("value", "old_passwd", Forbidden, "wrong-password"),
        ("promocode_not_use", "", RuleRefused, "promo-code-not-applicable"),
        ("wizard_unavailable", "vds.order.param", InvalidInput, "wizard-unavailable"),
        ("something_new", "", RuleRefused, "something-new"),
        ("", "", RuleRefused, "refused"),
    ],
)
def test_refusals_are_typed_and_keep_the_panels_words(
    kind: str, about: str, expected: type[ClientError], code: str
) -> None:
    with pytest.raises(expected) as caught:
        document(kit.as_answer(kit.refusal(kind, about, "The panel's <b>own</b> words")))
    assert caught.value.code == code
    assert "The panel's own words." in caught.value.message
    assert caught.value.problem is not None


def test_the_example_of_a_wrong_value_names_its_field() -> None:
    doc = kit.refusal("value", "period", "The 'Period' field has invalid value.", object="Period", value="0")
    with pytest.raises(InvalidInput, match="invalid value") as caught:
        document(kit.as_answer(doc))
    assert caught.value.problem is not None and "period" in caught.value.problem.fields


def test_waits_are_told() -> None:
    assert refusal({"$type": "auth", "$object": "blocklogon"}).retry_after == 20
    one = {"$type": "min_email_send_timeout", "param": {"$name": "wait", "$": "45"}}
    error = refusal(one)
    assert isinstance(error, RateLimited) and error.retry_after == 45


def test_a_request_that_still_runs_is_no_refusal() -> None:
    error = refusal({"$type": "x", "msg": {"$": "Request in process, please wait"}})
    assert isinstance(error, StillRunning) and error.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "expected"),
    [(302, SessionExpired), (401, SessionExpired), (403, Forbidden), (460, Forbidden), (429, RateLimited),
     (502, ServerTrouble), (404, BadAnswer)],
)  # fmt: skip
def test_what_stands_before_the_panel_is_told(status: int, expected: type[ClientError]) -> None:
    error = explain(kit.as_answer("<html>no</html>", status))
    assert isinstance(error, expected)
    if status in (403, 460):
        assert "protection" in error.message and error.code == "kept-out"


def test_a_redirect_while_signing_in_is_another_address() -> None:
    assert explain_sign_in(kit.as_answer("", 301)).code == "redirected"


def test_a_page_is_a_lost_session_and_a_snippet_a_long_request() -> None:
    with pytest.raises(SessionExpired):
        document(kit.as_answer("<!DOCTYPE html><form action='/billmgr'>", kind="text/html"))
    snippet = "<html><body onload=\"location.href = 'long/3f2a/billmgr?func=vds&amp;out=json'\"></body></html>"
    with pytest.raises(UnreadableAnswer, match="later"):
        document(kit.as_answer(snippet))
    assert Long("long/3f2a/billmgr").target.startswith("long")


@pytest.mark.parametrize(
    "snippet",
    [
        "<a href='https://evil.example/long/x/billmgr'>",
        "<a href='//evil/long/x/billmgr'>",
        "<a href='/../long/billmgr'>",
    ],
)
def test_a_long_request_never_leads_elsewhere(snippet: str) -> None:
    with pytest.raises(ClientError):
        document(kit.as_answer(snippet))


def test_the_address_of_a_long_request_is_asked_for_as_it_stands_there() -> None:
    look = _look(Long("long/3f2a/billmgr?func=vds&name=web%20one&empty="), 0.2, Kind.READ)
    assert f"{look.path}?{urlencode(look.query)}" == "/long/3f2a/billmgr?func=vds&name=web+one&empty="
