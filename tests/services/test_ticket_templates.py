"""Templates of tickets: the same ones in every language, and what the review says of them (TKT-2)."""

from __future__ import annotations

import pytest

from billtui.services.ticket_review import DEPARTMENTS, Known, TicketDraft, review
from billtui.services.ticket_review.lexicon import LANGUAGES, lexicon
from billtui.services.ticket_templates import TicketTemplate, language_of, offered, own_language, templates


def test_every_language_has_the_same_and_every_department_some() -> None:
    by_language = {
        language: {(one.id.partition(":")[2], one.department) for one in templates() if one.language == language}
        for language in LANGUAGES
    }
    assert by_language["en"] == by_language["ru"] == by_language["uk"]
    assert {department for _, department in by_language["en"]} == set(DEPARTMENTS)


@pytest.mark.parametrize("one", templates(), ids=lambda one: one.id)
def test_the_review_knows_the_headings_and_asks_to_fill_them(one: TicketTemplate) -> None:
    found = review(TicketDraft(one.department, one.subject, one.body, order_id="1"), Known())
    headings = [line for line in one.body.split("\n") if line in lexicon().templates[one.language].headings]
    assert len([finding for finding in found if finding.id == "empty-section"]) == len(headings)
    assert "wrong-department" not in {finding.id for finding in found}
    assert "two-problems" not in {finding.id for finding in found}


def test_those_of_the_department_in_the_language_stand_first() -> None:
    first = offered("finance", "uk")[0]
    assert (first.language, first.department) == ("uk", "finance")
    assert len(offered("finance", "uk")) == len(templates())


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [({"LANG": "uk_UA.UTF-8"}, "uk"), ({"LC_ALL": "ru_RU", "LANG": "uk"}, "ru"), ({"LANG": "C"}, "en"), ({}, "en")],
)  # fmt: skip
def test_the_terminals_language(environment: dict[str, str], wanted: str) -> None:
    assert own_language(environment) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("Сервер не відповідає", "uk"), ("Сервер, ещё раз", "ru"), ("The server does not answer us", "en"), ("502", None)],
)  # fmt: skip
def test_the_language_of_a_text(text: str, wanted: str | None) -> None:
    assert language_of(text) == wanted
