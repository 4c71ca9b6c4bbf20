"""What a new ticket lacks: the right department, an order, access, details, a subject (TKT-2, TKT-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from billtui.services.ticket_review.draft import DEPARTMENTS, TECHNICAL, Turn
from billtui.services.ticket_review.findings import (
    BUMPING,
    NO_ORDER,
    NO_SERVER_ACCESS,
    NO_STEPS,
    SUBJECT_SAYS_NOTHING,
    WRONG_DEPARTMENT,
    Finding,
    Severity,
    Span,
)
from billtui.services.ticket_review.fixes import (
    MASK,
    GiveAccess,
    HoldBack,
    InsertSection,
    Part,
    PickOrder,
    SetDepartment,
    SetSubject,
)
from billtui.services.ticket_review.lexicon import Token
from billtui.services.ticket_review.matter import PLACE, Matter
from billtui.services.ticket_review.named_orders import named_orders
from billtui.services.ticket_review.reading import Reading

_NAMES: Final = {"technical": "technical support", "finance": "finance", "sales": "sales", "abuse": "abuse"}
_SUBJECT_LENGTH: Final = 80
_TELLING: Final = 60
"""With more words than these somebody has told something, though not in words that are known here."""
_TRIED: Final = 4
"""So many sentences are tried as a subject."""


def wrong_department(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """It is clearly for another department."""
    draft, right = reading.draft, matter.department
    if draft.turn is not Turn.NEW or right is None or draft.department not in DEPARTMENTS or right == draft.department:
        return
    yield Finding(
        WRONG_DEPARTMENT,
        Severity.DELAY,
        f"This reads like a matter for {_NAMES[right]}: {_NAMES[draft.department]} would have to hand it over first.",
        SetDepartment(right),
    )


def no_order(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """It is about an order, and none is selected."""
    draft, orders = reading.draft, reading.known.orders
    if draft.turn is not Turn.NEW or draft.order_id is not None:
        return
    if matter.named:
        first = matter.named[0]
        name = next(order.name for order in orders if order.id == first.order_id)
        reason = f"The text names your order {first.order_id} ({name}), but no order is selected."
        yield Finding(NO_ORDER, Severity.DELAY, reason, PickOrder(first.order_id), reading.span(first.start, first.end))
    elif (matter.is_fault or matter.is_software_work) and not matter.is_about_the_account:
        only = orders[0].id if len(orders) == 1 else None
        yield Finding(
            NO_ORDER,
            Severity.DELAY,
            "A technical problem is told, but not which order it is about: support would have to ask.",
            PickOrder(only),
        )


def no_server_access(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """Support will have to look inside the server, and cannot."""
    draft = reading.draft
    if draft.turn is not Turn.NEW or draft.access_given or reading.has("no-access-needed", "access-given"):
        return
    inside = (matter.is_fault and reading.has("inside")) or matter.is_software_work
    if not inside or (draft.department != TECHNICAL and matter.department != TECHNICAL):
        return
    yield Finding(
        NO_SERVER_ACCESS,
        Severity.DELAY,
        "Support will have to look inside the server: give its root password in the access field, not in the text.",
        GiveAccess(),
    )


def no_steps(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """A fault is told without where, since when and how it shows."""
    draft = reading.draft
    if draft.turn is not Turn.NEW or not matter.is_fault or matter.is_about_the_account:
        return
    if section_headings(reading, matter.body or draft.body):
        return
    missing = [one for one in ("where", "since when", "what exactly") if one not in matter.details()]
    if len(missing) < 2 or (len(missing) == 2 and len(reading.tokens) > _TELLING):
        return
    template = reading.lexicon.templates[reading.language]
    yield Finding(
        NO_STEPS,
        Severity.DELAY,
        f"A fault is told, but not {_listed(missing)}: support would have to ask before it can look.",
        InsertSection("\n".join(f"{heading} " for heading in template.headings)),
    )


def _listed(words: list[str]) -> str:
    """“a and b”, “a, b and c”."""
    return f"{', '.join(words[:-1])} and {words[-1]}"


def section_headings(reading: Reading, body: str) -> set[str]:
    """Headings of the template that stand at the beginning of a line of the body."""
    headings = {one.lower() for template in reading.lexicon.templates.values() for one in template.headings}
    lines = (line.strip().lower() for line in body.splitlines())
    return {heading for line in lines for heading in headings if line.startswith(heading)}


def subject_says_nothing(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """The subject could stand over any ticket."""
    draft = reading.draft
    if draft.turn is not Turn.NEW or not is_empty_talk(reading):
        return
    reason = (
        "The subject would fit any ticket: say what is wrong and where, so that the right person takes it."
        if draft.subject.strip()
        else "There is no subject: say what is wrong and where, so that the right person takes it."
    )
    span = Span(Part.SUBJECT, 0, len(draft.subject)) if draft.subject.strip() else None
    yield Finding(SUBJECT_SAYS_NOTHING, Severity.DELAY, reason, SetSubject(_proposed(reading)), span)


def is_empty_talk(reading: Reading) -> bool:
    """Whether the subject names nothing, and has no word that says anything."""
    if PLACE.search(reading.subject) or named_orders(reading.subject, reading.known.orders):
        return False
    tokens = [token for token in reading.tokens if token.end <= len(reading.subject)]
    vague = {hit.first for hit in reading.lexicon.hits(tokens) if hit.category == "vague"}
    return all(
        index in vague or not _can_say(token) or reading.lexicon.plain(token.word, reading.language) is not None
        for index, token in enumerate(tokens)
    )


def _can_say(token: Token) -> bool:
    return len(token.word) > 1 and not token.word.isdigit()


def _proposed(reading: Reading) -> str | None:
    """A sentence of the body that tells the fault, or the first one; nothing that holds a secret."""
    hidden = reading.secrets
    tokens, begin = reading.tokens, len(reading.subject)
    firsts = [hit.first for hit in reading.all("fault", "inside", "finance-sure", "sales-sure", "abuse-sure")]
    for index in sorted({one for one in firsts if tokens[one].start > begin})[:_TRIED]:
        start, end = reading.sentence_start(index), reading.sentence_end(index)
        span = reading.span(start, end)
        if MASK in reading.text[start : end + 1]:  # where a secret stood: nothing for a subject
            continue
        if span.part is Part.BODY and not any(one.start < span.end and span.start < one.end for one in hidden):
            text = shortened(reading.text[start:end])
            if not is_empty_talk(Reading(replace(reading.draft, subject=text), reading.known)):
                return text
    return None


def shortened(text: str) -> str:
    """One line of at most 80 characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= _SUBJECT_LENGTH:
        return line
    cut = line[: _SUBJECT_LENGTH - 1].rsplit(" ", 1)[0]
    return f"{cut}…"


def bumping(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """Support has not answered yet: another message costs the place in the queue (TKT-7)."""
    draft = reading.draft
    if draft.turn is not Turn.SUPPORT or draft.held:
        return
    yield Finding(
        BUMPING,
        Severity.DELAY,
        "Support has not answered yet: another message puts the ticket at the end of its queue again (TKT-7).",
        HoldBack(),
    )
