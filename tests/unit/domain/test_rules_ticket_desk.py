"""What support may do with tickets, and what canned replies may say (TKT-5, TKT-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models.orders import Order
from billtui.domain.models.tickets import Ticket, TicketState
from billtui.domain.money import Money
from billtui.domain.rules import canned, ticket_desk
from billtui.domain.rules.ticket_desk import Mergeable, Splittable
from billtui.domain.rules.tickets import TicketFacts, fill_reply
from billtui.domain.safetext import SafeText
from billtui.sandbox.seed.canned import REPLIES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TAGS = st.lists(st.text("abc-1", min_size=1, max_size=4).filter(lambda tag: tag[0] != "-"), max_size=5)


def facts(state: TicketState) -> TicketFacts:
    closed = NOW - timedelta(days=30) if state is TicketState.CLOSED else None
    return TicketFacts("7", "technical", state, NOW - timedelta(days=40), NOW, "9", closed_at=closed)


def one(
    ticket_id: str, account: str = "1", state: TicketState = TicketState.OPEN, into: str | None = None
) -> Mergeable:
    return Mergeable(ticket_id, f"T{ticket_id}", account, state, into)


# --- changing


def test_a_ticket_is_given_to_staff_only() -> None:
    roles = {"sam.desk": "support", "root.admin": "admin", "olena.marsh": "client"}
    assert ticket_desk.colleague_refusal("sam.desk", roles) is None
    assert ticket_desk.colleague_refusal("root.admin", roles) is None
    for login in ("olena.marsh", "nobody"):
        refusal = ticket_desk.colleague_refusal(login, roles)
        assert refusal is not None and refusal.code == "no-such-colleague" and login in refusal.reason


@given(TAGS, TAGS, TAGS)
def test_tags_are_a_set_and_removing_wins(there: list[str], add: list[str], remove: list[str]) -> None:
    after = ticket_desk.tags_after(there, add, remove)
    assert after == sorted(set(after)) and set(after) == (set(there) | set(add)) - set(remove)
    assert ticket_desk.tags_after(after, add, remove) == after
    assert ticket_desk.tags_refusal(there, add, remove) is None


@pytest.mark.parametrize("tag", ["two words", "", "#", "x" * 31, "-x", "a,b", "\x1b[31m", "_x"])
def test_what_is_no_word_is_no_tag(tag: str) -> None:
    refusal = ticket_desk.tags_refusal([], [tag], [])
    assert refusal is not None and refusal.code == "bad-tag"


def test_a_tag_may_be_typed_with_its_sign_and_in_capitals_and_there_are_twenty() -> None:
    assert ticket_desk.tags_after([], ["#VIP", " мигрaция "], []) == ["vip", "мигрaция"]
    full = [f"t{number}" for number in range(20)]
    assert ticket_desk.tags_refusal(full, ["t3"], []) is None
    assert ticket_desk.tags_refusal(full, ["new"], ["t3"]) is None
    refusal = ticket_desk.tags_refusal(full, ["new"], [])
    assert refusal is not None and refusal.code == "too-many-tags"


@pytest.mark.parametrize(
    ("state", "wanted", "until", "code"),
    [
        (TicketState.CLOSED, TicketState.OPEN, None, None),
        (TicketState.OPEN, TicketState.CLOSED, None, None),
        (TicketState.OPEN, TicketState.ANSWERED, None, "answer-it"),
        (TicketState.OPEN, TicketState.ON_HOLD, None, "hold-in-the-past"),
        (TicketState.OPEN, TicketState.ON_HOLD, NOW, "hold-in-the-past"),
        (TicketState.OPEN, TicketState.ON_HOLD, NOW + timedelta(seconds=1), None),
        (TicketState.CLOSED, TicketState.ON_HOLD, NOW + timedelta(days=1), "ticket-closed"),
    ],
)
def test_states_that_staff_may_set(
    state: TicketState, wanted: TicketState, until: datetime | None, code: str | None
) -> None:
    refusal = ticket_desk.state_refusal(facts(state), wanted, until, NOW)
    assert (refusal.code if refusal else None) == code


# --- merging and taking apart


def test_tickets_of_one_account_merge_and_each_that_cannot_is_named() -> None:
    into = one("1")
    assert ticket_desk.merge_refusals([one("2"), one("3", state=TicketState.CLOSED)], into) == []
    refused = ticket_desk.merge_refusals([one("2"), one("3", account="2"), one("4", into="9")], into)
    assert [(ticket.id, refusal.code) for ticket, refusal in refused] == [
        ("3", "not-mergeable"),
        ("4", "not-mergeable"),
    ]
    assert refused[1][1].related == {"ticket_id": "9"}


def test_the_target_must_be_alive() -> None:
    for into in (one("1", state=TicketState.CLOSED), one("1", into="5")):
        (refused,) = ticket_desk.merge_refusals([one("2")], into)
        assert refused[0] is into


def test_a_merge_has_a_source_and_not_too_many() -> None:
    assert ticket_desk.sources_refusal(["2"], "1") is None
    for sources in ([], [str(number) for number in range(2, 60)]):
        refusal = ticket_desk.sources_refusal(sources, "1")
        assert refusal is not None and refusal.code == "not-mergeable"


def test_only_what_is_merged_is_taken_apart_the_outer_one_first() -> None:
    assert ticket_desk.unmerge_refusal(one("2", into="1"), one("1")) is None
    plain = ticket_desk.unmerge_refusal(one("2"), None)
    assert plain is not None and plain.code == "not-merged"
    nested = ticket_desk.unmerge_refusal(one("3", into="2"), one("2", into="1"))
    assert nested is not None and nested.code == "not-mergeable" and nested.related == {"ticket_id": "2"}


THREAD = (
    Splittable("1", "client"), Splittable("2", "support"), Splittable("3", "panel"), Splittable("4", "client", "8"),
    Splittable("n1", "support", internal=True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ((), "No message"),
        (("1", "9"), "not in this thread"),
        (("3",), "the panel"),
        (("4",), "merged"),
        (("1", "2", "4"), "merged"),
        (("n1",), "Only notes"),
    ],
)
def test_what_cannot_be_split_says_why(chosen: tuple[str, ...], word: str) -> None:
    refusal = ticket_desk.split_refusal(THREAD, chosen, "7")
    assert refusal is not None and refusal.code == "not-splittable" and word in refusal.reason


def test_one_message_stays_at_least() -> None:
    assert ticket_desk.split_refusal(THREAD, ("2", "2", "n1"), "7") is None
    refusal = ticket_desk.split_refusal(THREAD, ("1", "2"), "7")
    assert refusal is not None and "leave one" in refusal.reason, "what came with a merged ticket may go again"


# --- canned replies


def ticket(**more: object) -> Ticket:
    return Ticket.model_validate(
        {"id": "7", "number": "1042", "subject": "No route", "department": "technical", "state": "open",
         "login": "olena.marsh", "created_at": NOW, "updated_at": NOW, **more}
    )  # fmt: skip


def test_the_program_fills_what_it_says_it_fills() -> None:
    order = Order(
        id=SafeText("31"), name=SafeText("web-1"), kind=SafeText("vds"), plan=SafeText("vds-micro"),
        location=SafeText("nl"), address=SafeText("198.51.100.7"), state=SafeText("active"), created_at=NOW,
        paid_until=NOW, monthly_price=Money(Decimal("5.90"), "EUR"),
    )  # fmt: skip
    values = canned.values_for(ticket(), "sam.desk", order=order)
    assert set(values) <= set(canned.PLACEHOLDERS)
    filled = fill_reply("{client}: {order} at {address} is paid until {paid_until}, invoice {invoice}. {me}", values)
    assert filled.text.startswith("olena.marsh: web-1 at 198.51.100.7 is paid until 2026-11-23 12:00 UTC")
    assert filled.unresolved == ("invoice",), "nothing is known of an invoice: it stays to be seen"


def test_a_slip_in_a_placeholder_is_refused_and_a_name_of_ones_own_is_not() -> None:
    refusal = canned.body_refusal("Hello {clinet}")
    assert refusal is not None and refusal.code == "unresolved-placeholder" and "{client}" in refusal.reason
    assert canned.body_refusal("The cause was {cause}.") is None
    assert canned.placeholders_in("{a} {b} { a }") == ("a", "b")


@pytest.mark.parametrize("body", ["", " \n", "x" * 20_001])
def test_a_reply_says_something(body: str) -> None:
    refusal = canned.body_refusal(body)
    assert refusal is not None and refusal.code in ("body-missing", "body-too-long")


def test_the_seed_has_sound_replies_in_three_languages_for_every_department() -> None:
    by_department: dict[str | None, dict[str, int]] = {}
    for department, language, title, body in REPLIES:
        assert canned.title_refusal(title) is None and canned.body_refusal(body) is None, title
        languages = by_department.setdefault(department, {})
        languages[language] = languages.get(language, 0) + 1
    assert set(by_department) == {None, "technical", "finance", "sales", "abuse"}
    for languages in by_department.values():
        assert set(languages) == {"en", "ru", "uk"} and len(set(languages.values())) == 1
