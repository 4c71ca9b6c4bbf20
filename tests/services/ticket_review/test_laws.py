"""Laws of findings and fixes (TKT-2, TKT-3): a fix takes its finding away, loses nothing, and tells no secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.services.ticket_review import (
    MASK,
    RULES,
    Attach,
    Finding,
    Fix,
    FixNeedsPerson,
    Known,
    Mask,
    Part,
    PickOrder,
    SetSubject,
    SplitOff,
    TicketDraft,
    Turn,
    apply,
    fixed,
    needs_person,
    review,
    said,
)
from billtui.services.ticket_review.secrets_found import secrets_in
from tests.support.labelled_tickets import KNOWN, PARTS, of_part

TICKETS = [ticket.draft for part in PARTS for ticket in of_part(part)]
SENTENCES = sorted({line for draft in TICKETS for line in draft.body.splitlines() if line.strip()})
SUBJECTS = sorted({draft.subject for draft in TICKETS})
LINES = st.one_of(
    st.sampled_from(SENTENCES), st.text(max_size=40), st.sampled_from(["", "```", "> ", "1. a", "Where:"])
)
DRAFTS = st.builds(
    TicketDraft,
    department=st.sampled_from(["technical", "finance", "sales", "abuse", "other"]),
    subject=st.one_of(st.sampled_from(SUBJECTS), st.text(max_size=30)),
    body=st.lists(LINES, max_size=8).map("\n".join),
    order_id=st.sampled_from([None, "1041"]),
    attachments=st.sampled_from([(), ("log.txt",)]),
    access_given=st.booleans(),
    turn=st.sampled_from(list(Turn)),
)


def chosen(fix: Fix) -> Fix:
    """The fix with the choice of a person where it needs one."""
    match fix:
        case PickOrder(None):
            return PickOrder("1042")
        case Attach(None):
            return Attach("trace.txt")
        case SetSubject(None):
            return SetSubject("nginx on web-kyiv-1 answers 502 since 03:10")
        case _:
            return fix


def number(findings: list[Finding], name: str) -> int:
    return sum(finding.id == name for finding in findings)


def holds(draft: TicketDraft) -> None:
    findings = review(draft, KNOWN)
    assert findings == review(draft, KNOWN), "pure"
    hidden = [text[place.start : place.end] for text in (draft.subject, draft.body) for place in secrets_in(text)]
    for finding in findings:
        assert finding.rule == RULES[finding.id]
        assert finding.reason.endswith(".")
        assert "\n" not in finding.reason
        assert not any(len(secret) > 5 and secret in finding.reason for secret in hidden)
        assert said(finding.fix).strip()
        assert not any(len(secret) > 5 and secret in said(finding.fix) for secret in hidden)
        if finding.span is not None:
            text = draft.subject if finding.span.part is Part.SUBJECT else draft.body
            assert 0 <= finding.span.start < finding.span.end <= len(text)
        after = review(apply(draft, chosen(finding.fix)), KNOWN)
        assert number(after, finding.id) < number(findings, finding.id), finding


@pytest.mark.parametrize("index", range(0, len(TICKETS), 40))
def test_every_fix_of_the_labelled_tickets_takes_its_finding_away(index: int) -> None:
    for draft in TICKETS[index : index + 40]:
        holds(draft)


@settings(max_examples=150, deadline=None)
@given(DRAFTS)
def test_every_fix_takes_its_finding_away(draft: TicketDraft) -> None:
    holds(draft)


@settings(max_examples=40, deadline=None)
@given(DRAFTS)
def test_fixing_all_that_needs_nobody_ends_and_leaves_nothing_of_it(draft: TicketDraft) -> None:
    after, done = fixed(draft, KNOWN)
    assert len(done) < 60
    left = {type(finding.fix).__name__ for finding in review(after, KNOWN) if not needs_person(finding.fix)}
    assert left <= {"GiveAccess", "HoldBack", "RemoveLines"}


def test_a_fix_that_needs_a_choice_is_not_applied_without_one() -> None:
    draft = TicketDraft("technical", "server down", "My server is down since 10:00, the log is attached.")
    needing = [finding.fix for finding in review(draft, Known()) if needs_person(finding.fix)]
    assert {type(fix) for fix in needing} >= {PickOrder, Attach}
    for fix in needing:
        with pytest.raises(FixNeedsPerson):
            apply(draft, fix)


def test_what_is_split_off_is_not_lost() -> None:
    draft = next(one for one in TICKETS if "By the way, why was my card charged" in one.body)
    [finding] = [one for one in review(draft, KNOWN) if one.id == "two-problems"]
    assert isinstance(finding.fix, SplitOff)
    after = apply(draft, finding.fix)
    [other] = after.split_off
    assert after.body + "\n\n" + other.body == draft.body
    assert other.department == "finance"
    assert other.subject.startswith("By the way")


def test_a_masked_secret_is_gone_from_the_whole_draft() -> None:
    draft = TicketDraft("technical", "root password: Xk29-fds!", "The same here, pass: Xk29-fds! and nothing else.")
    after, done = fixed(replace(draft, order_id="1041"), KNOWN)
    assert [type(finding.fix) for finding in done][:2] == [Mask, Mask]
    assert "Xk29" not in after.subject + after.body
    assert MASK in after.subject
    assert MASK in after.body
