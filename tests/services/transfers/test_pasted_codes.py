"""What a person pastes for transfers: links, whole mails, bare codes (TRF-2)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.pasted_codes import MOST_TEXT, bare_code, links_in

CODES = st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ-", min_size=4, max_size=19)
IDS = st.text(alphabet="0123456789abcdefT", min_size=1, max_size=12)
STEPS = st.sampled_from(["confirm", "accept"])
BETWEEN = st.sampled_from(["\n", " ", "\r\n\r\n", " and then <", ">, ", "\t"])


@given(st.lists(st.tuples(IDS, STEPS, CODES), max_size=40, unique_by=lambda one: one[:2]), BETWEEN)
def test_every_link_is_found_whatever_stands_between(wanted: list[tuple[str, str, str]], between: str) -> None:
    text = between.join(f"https://panel.example:8443/transfers/{key}#{step}={code}" for key, step, code in wanted)
    found = links_in(f"Dear client,{between}{text}{between}Yours")
    assert [(one.transfer_id, one.step, one.code.get_secret_value()) for one in found] == wanted
    assert {one.host for one in found} <= {"panel.example:8443"}


def test_a_link_may_end_a_sentence_stand_in_brackets_or_lack_its_beginning() -> None:
    text = "See <https://Me:pw@Panel.example/base/transfers/7/#accept=AB12-CD34>. Or /transfers/8?x=1#confirm=EF56."
    seven, eight = links_in(text)
    assert (seven.transfer_id, seven.step, seven.code.get_secret_value()) == ("7", "accept", "AB12-CD34")
    assert seven.host == "panel.example"
    assert (eight.transfer_id, eight.code.get_secret_value(), eight.host) == ("8", "EF56", "")


def test_the_same_link_twice_counts_once_and_the_later_code_holds() -> None:
    first, second = "/transfers/1#confirm=AAAA", "/transfers/1#confirm=BBBB"
    assert [one.code.get_secret_value() for one in links_in(f"{first} {first} {second}")] == ["BBBB"]


def test_one_link_that_a_mail_program_wrapped() -> None:
    (link,) = links_in("  https://panel.example/trans\n  fers/7#confirm=D0SZ-AY04-\r\nFRSQ-3QC6\n")
    assert (link.transfer_id, link.code.get_secret_value()) == ("7", "D0SZ-AY04-FRSQ-3QC6")


def test_what_is_no_link_is_none() -> None:
    for text in ("", "https://panel.example/transfers/1", "/transfers/1#other=AAAA", "/orders/1#confirm=AAAA"):
        assert links_in(text) == []


@given(CODES.filter(lambda code: code.strip("-") != ""))
def test_a_bare_code_may_be_broken_into_groups(code: str) -> None:
    found = bare_code("  " + " ".join(code) + "\n")
    assert found is not None
    assert found.get_secret_value() == code


def test_what_is_no_code_is_none() -> None:
    for text in ("", "abc", "two words!", "https://panel.example", "ä" * 8, "A" * 201):
        assert bare_code(text) is None


def test_a_code_is_in_no_words_about_it() -> None:
    (link,) = links_in("/transfers/1#confirm=AB12-CD34")
    assert "AB12" not in repr(link) and "AB12" not in str(link)


def test_a_link_elsewhere_takes_no_place_of_one_that_leads_here() -> None:
    text = "https://panel.example/transfers/7#accept=AAAA1111 or https://evil.example/transfers/7#accept=BBBB2222"
    assert [(one.host, one.code.get_secret_value()) for one in links_in(text)] == [
        ("panel.example", "AAAA1111"),
        ("evil.example", "BBBB2222"),
    ]


def test_a_host_without_its_scheme_is_a_host_and_a_word_before_a_path_is_none() -> None:
    hosts = {
        "evil.example/transfers/7#accept=AAAA1111": "evil.example",
        "(evil.example:8443/base/transfers/7#accept=AAAA1111)": "evil.example:8443",
        r"https://panel.example\@evil.example/transfers/7#accept=AAAA1111": "evil.example",
        "Link:/transfers/7#accept=AAAA1111": "",
        "/transfers/7#accept=AAAA1111": "",
    }
    assert {text: links_in(text)[0].host for text in hosts} == hosts


@pytest.mark.parametrize(
    "part", ["http://a/", "http://a/transfers/", "/transfers/7#accept=", "https://", "a/b#confirm=AAAA"]
)
def test_a_hostile_text_of_any_length_is_read_at_once(part: str) -> None:
    """Each beginning of a link was once tried against all that follows: a megabyte took a quarter of an hour."""
    began = time.process_time()
    links_in(part * (MOST_TEXT // len(part)))
    assert time.process_time() - began < 5
