"""``review(draft, known)``: everything that would be better said before a ticket is sent (TKT-2, TKT-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from billtui.services.ticket_review import rules_text, rules_ticket
from billtui.services.ticket_review.draft import Known, TicketDraft
from billtui.services.ticket_review.findings import RULES, TWO_PROBLEMS, Finding, Severity
from billtui.services.ticket_review.fixes import GiveAccess, HoldBack, RemoveLines, apply, needs_person
from billtui.services.ticket_review.matter import Matter
from billtui.services.ticket_review.reading import Reading

MOST_FIXES: Final = 200
"""So many fixes are done in one go."""
Rule = Callable[[Reading, Matter], Iterator[Finding]]

_OF_THE_TEXT: Final[tuple[Rule, ...]] = (
    rules_text.secrets,
    rules_text.two_problems,
    rules_text.empty_section,
    rules_text.missing_attachment,
    rules_text.transliteration,
    rules_text.slang,
)
_OF_THE_TICKET: Final[tuple[Rule, ...]] = (
    rules_ticket.wrong_department,
    rules_ticket.no_order,
    rules_ticket.no_server_access,
    rules_ticket.no_steps,
    rules_ticket.subject_says_nothing,
    rules_ticket.bumping,
)
_WEIGHT: Final = {severity: number for number, severity in enumerate(Severity)}
_PLACE: Final = {name: number for number, name in enumerate(RULES)}


def review(draft: TicketDraft, known: Known) -> list[Finding]:
    """All findings, the weightiest first; of one weight, in the order of :data:`RULES` and of the text.

    Sentences are read in the first 8,000 characters of the body, logs and quotations not counted (40,000 with them);
    secrets are looked for in the first 1,000,000. Pure; the time is in proportion to the text.
    """
    reading = Reading(draft, known)
    matter = Matter(reading)
    found = [finding for rule in _OF_THE_TEXT for finding in rule(reading, matter)]
    second = next((one.span for one in found if one.id == TWO_PROBLEMS), None)
    if second is not None:  # what the ticket needs is decided by its first problem
        reading = Reading(replace(draft, body=draft.body[: second.start]), known)
        matter = Matter(reading, draft.body)
    found += [finding for rule in _OF_THE_TICKET for finding in rule(reading, matter)]
    return sorted(found, key=_order)


def fixed(draft: TicketDraft, known: Known) -> tuple[TicketDraft, list[Finding]]:
    """The draft with every fix done that needs nobody: no choice of a person, no access field, no waiting.

    Gives the findings that were fixed as well, in the order in which that was done.
    """
    done: list[Finding] = []
    while len(done) < MOST_FIXES:
        finding = next((one for one in review(draft, known) if _goes_by_itself(one)), None)
        if finding is None:
            break
        draft = apply(draft, finding.fix)
        done.append(finding)
    return draft, done


def _goes_by_itself(finding: Finding) -> bool:
    """An empty section that is asked to be filled is left for its writer: else it would be put in and taken out."""
    if needs_person(finding.fix):
        return False
    return not isinstance(finding.fix, GiveAccess | HoldBack | RemoveLines)


def _order(finding: Finding) -> tuple[int, int, int]:
    return (_WEIGHT[finding.severity], _PLACE[finding.id], finding.span.start if finding.span else 0)
