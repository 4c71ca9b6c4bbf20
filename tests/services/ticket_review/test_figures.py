"""The review on labelled tickets (TKT-2, TKT-3): precision and recall by finding, on what it was made with and on what
it was not."""

from __future__ import annotations

from functools import lru_cache

import pytest

from billtui.services.ticket_review import RULES
from tests.support.labelled_tickets import LANGUAGES, PARTS, Figures, figures, labelled, of_part, table, written

MIN_PRECISION = 0.90
MIN_RECALL = 0.75


@lru_cache(maxsize=2)
def measured(part: str) -> dict[str, Figures]:
    return figures(of_part(part))


def test_the_set_is_large_and_varied() -> None:
    tickets = [ticket for part in PARTS for ticket in of_part(part)]
    assert len(tickets) >= 300
    assert sum(not ticket.expected for ticket in tickets) >= 60
    by_language = [sum(ticket.language == language for ticket in tickets) for language in LANGUAGES]
    assert min(by_language) >= 0.28 * len(tickets)
    held_out = of_part("holdout")
    assert 3 * len(held_out) >= len(tickets)
    for language in LANGUAGES:
        there = {name for part in PARTS for ticket in labelled(part, language) for name in ticket.expected}
        assert there >= RULES.keys() - {"transliteration"}, language
    assert len({ticket.draft.body for ticket in tickets}) == len(tickets)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", RULES)
def test_precision_and_recall(part: str, name: str) -> None:
    found = measured(part)[name]
    assert found.right + found.missed >= 3, "too few to say anything"
    assert found.precision >= MIN_PRECISION, found
    assert found.recall >= MIN_RECALL, found


def test_the_document_tells_these_figures() -> None:
    assert written() == table(), "python -m tests.support.labelled_tickets"
