"""One key, one fix: what a finding proposes is done to the text, or asked for where a person must choose (TKT-2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from billtui.screens.composer_files import add_file
from billtui.screens.composer_review import same_again
from billtui.services import ticket_review
from billtui.services.ticket_review import (
    Attach,
    Finding,
    GiveAccess,
    HoldBack,
    InsertSection,
    Part,
    PickOrder,
    SetDepartment,
    SetSubject,
    SplitOff,
)

if TYPE_CHECKING:
    from billtui.screens.composer import ComposerScreen


async def fix(screen: ComposerScreen, number: int) -> None:
    """Do the fix of the finding that is shown with ``number``, from 1.

    The text is reviewed again first where it has changed since: places of an earlier text fit no other.
    """
    shown = screen.reviewer.findings
    if not 1 <= number <= len(shown):
        screen.billtui.say(f"There is no finding {number}." if shown else "There is nothing to fix.")
        return
    finding = same_again(shown[number - 1], shown, await screen.reviewer.now())
    if finding is None:
        screen.billtui.say("That is settled already; the findings are those of the text as it is now.")
        return
    await _do(screen, finding)
    await screen.reviewer.now()


async def _do(screen: ComposerScreen, finding: Finding) -> None:
    match finding.fix:
        case PickOrder(None):
            await screen.choose_order()
        case PickOrder(order_id):
            screen.set_order(order_id)
        case SetSubject(None):
            _to_subject(screen)
        case Attach():
            await add_file(screen)
        case GiveAccess():
            if (access := screen.access) is not None:
                access.focus()
        case SetDepartment(department):
            screen.set_department(department)
        case HoldBack():
            screen.held_back = True
            screen.billtui.say("Kept as a draft until support has answered: the ticket keeps its place in the queue.")
            screen.touched()
            await screen.leave()
        case SplitOff() as split:
            await _split(screen, split)
        case InsertSection():
            _rewrite(screen, finding)
            screen.body.focus()
        case _:
            _rewrite(screen, finding)


def _to_subject(screen: ComposerScreen) -> None:
    """The subject is for a person to write; what stands there is selected, so that typing replaces it."""
    if (subject := screen.subject) is not None:
        subject.focus()
        subject.select_all()


def _rewrite(screen: ComposerScreen, finding: Finding) -> None:
    """Change subject and text as the fix says; one undo step, the cursor stays."""
    before = screen.reviewed()
    after = ticket_review.apply(before, finding.fix)
    if (subject := screen.subject) is not None and after.subject != before.subject:
        subject.value = after.subject
    screen.body.become(after.body)
    span = finding.span
    if span is not None and span.part is Part.BODY and screen.focused is screen.review_panel:
        screen.body.scroll_to_line(screen.body.location_at(min(span.start, len(after.body)))[0])


async def _split(screen: ComposerScreen, split: SplitOff) -> None:
    """The second matter becomes a draft of its own, which is on disk before it leaves this text."""
    before = screen.reviewed()
    after = ticket_review.apply(before, split)
    part = after.split_off[-1]
    writing = screen.session.writing

    def keep() -> None:
        other = writing.new(department=part.department, subject=part.subject, body=part.body, order_id=part.order_id)
        other.save()

    await asyncio.to_thread(keep)
    screen.body.become(replace(after).body)
    screen.billtui.say("The second matter is a draft of its own now: it is found among the new tickets that wait.")
