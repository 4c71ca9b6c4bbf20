"""How a text is written: transliteration, slang, secrets, a missing attachment, a second problem, empty sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from billtui.services.ticket_review.draft import Turn
from billtui.services.ticket_review.findings import (
    BILLING_PASSWORD,
    EMPTY_SECTION,
    MISSING_ATTACHMENT,
    SECRET_IN_TEXT,
    SLANG,
    TRANSLITERATION,
    TWO_PROBLEMS,
    Finding,
    Severity,
    Span,
)
from billtui.services.ticket_review.fixes import Attach, Mask, Part, RemoveLines, Rewrite, SplitOff
from billtui.services.ticket_review.latin import in_cyrillic
from billtui.services.ticket_review.lexicon import Hit
from billtui.services.ticket_review.matter import SURE, WEIGHTS, Matter, scores_of
from billtui.services.ticket_review.reading import WORDS_READ, Reading, touch
from billtui.services.ticket_review.rules_ticket import shortened
from billtui.services.ticket_review.secrets_found import secrets_in

_NEAR: Final = 80
_MATTER: Final = 10
"""With so many words a matter can be told."""
_LANGUAGES: Final = {"ru": "Russian", "uk": "Ukrainian"}


def transliteration(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """Russian or Ukrainian in Latin letters."""
    language = reading.in_latin
    if language is None:
        return
    subject: list[tuple[int, int, str]] = []
    body: list[tuple[int, int, str]] = []
    for token in reading.plain_tokens:
        if reading.is_for_cyrillic(token):
            span = reading.span(token.start, token.end)
            words = in_cyrillic(reading.text[token.start : token.end], language)
            (subject if span.part is Part.SUBJECT else body).append((span.start, span.end, words))
    part, places = (Part.BODY, body) if body else (Part.SUBJECT, subject)
    yield Finding(
        TRANSLITERATION,
        Severity.STYLE,
        f"{_LANGUAGES[language]} in Latin letters is slow to read, and searching does not find it.",
        Rewrite(tuple(subject), tuple(body)),
        Span(part, places[0][0], places[-1][1]),
    )


def slang(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """Words that support staff of another country do not know."""
    subject: list[tuple[int, int, str]] = []
    body: list[tuple[int, int, str]] = []
    for token in reading.tokens:
        plain = reading.lexicon.plain(token.word, reading.language)
        if plain is None:
            continue
        span = reading.span(token.start, token.end)
        written = reading.text[token.start : token.end]
        if written.isupper() and len(written) > 3:
            plain = plain.upper()
        elif written[:1].isupper():
            plain = plain[:1].upper() + plain[1:]
        (subject if span.part is Part.SUBJECT else body).append((span.start, span.end, plain))
    if not subject and not body:
        return
    part, (start, end, _) = (Part.SUBJECT, subject[0]) if subject else (Part.BODY, body[0])
    yield Finding(
        SLANG,
        Severity.STYLE,
        "There is slang in it: plain words are understood by everybody who may take the ticket.",
        Rewrite(tuple(subject), tuple(body)),
        Span(part, start, end),
    )


# --- secrets


def secrets(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """Every secret in subject and body; the password of the account is worse than one of a server."""
    of_the_account = reading.all("billing-password")
    for part, places in ((Part.SUBJECT, secrets_in(reading.draft.subject)), (Part.BODY, reading.secrets)):
        offset = 0 if part is Part.SUBJECT else reading.offset
        for place in places:
            if any(_is_near(hit, place.start + offset, place.end + offset) for hit in of_the_account):
                yield Finding(
                    BILLING_PASSWORD,
                    Severity.RISK,
                    "This gives away the password of your billing account: support needs the root password of the "
                    "server, in the access field.",
                    Mask(part, place.start, place.end),
                    Span(part, place.start, place.end),
                )
            else:
                yield Finding(
                    SECRET_IN_TEXT,
                    Severity.RISK,
                    f"There is {place.kind} in the text: a ticket is read by many, and kept; access has its own field.",
                    Mask(part, place.start, place.end),
                    Span(part, place.start, place.end),
                )


def _is_near(hit: Hit, start: int, end: int) -> bool:
    """Whether words about the account's password stand within a line of the secret."""
    return hit.start - _NEAR <= end and start <= hit.end + _NEAR


# --- attachments


def missing_attachment(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """A file is spoken of, and there is none."""
    if reading.draft.attachments:
        return
    denied = reading.all("not-attached")
    for hit in reading.all("attached"):
        if any(touch(hit, one) for one in denied):
            continue
        yield Finding(
            MISSING_ATTACHMENT,
            Severity.DELAY,
            "The text speaks of an attachment, but there is none.",
            Attach(None),
            reading.span(hit.start, hit.end),
        )
        return


# --- two problems

_LIST: Final = re.compile(r"^[ \t]{0,4}(?P<number>[2-9])[.)][ \t]+(?=\S)", re.MULTILINE)
_CATEGORIES: Final = tuple(name for weights in WEIGHTS.values() for name, _ in weights)


def two_problems(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """A second matter begins: it has another department, or is called another one."""
    topics = reading.all(*_CATEGORIES)
    for start in sorted({*_called_another(reading, topics), *_other_departments(reading, topics)}):
        span = reading.span(start, len(reading.text))
        if span.part is not Part.BODY or not reading.draft.body[: span.start].strip():
            continue
        rest = reading.draft.body[span.start : span.start + WORDS_READ]
        department = _clear(scores_of(hit for hit in topics if hit.start >= start))
        hidden = any(one.end > span.start for one in reading.secrets)
        first = rest.strip().split("\n\n")[0]
        subject = "" if hidden else shortened(re.split(r"(?<=[.!?])\s", first, maxsplit=1)[0])
        yield Finding(
            TWO_PROBLEMS,
            Severity.DELAY,
            "A second problem begins here: in a ticket of its own it goes to the right people, and none is forgotten.",
            SplitOff(span.start, len(reading.draft.body), subject, department),
            Span(Part.BODY, span.start, len(reading.draft.body)),
        )
        return


def _called_another(reading: Reading, topics: list[Hit]) -> Iterator[int]:
    """Sentences that say “another question”, with something asked or told behind, and more than a greeting before."""
    asked = reading.all("request")
    for hit in reading.all("second"):
        start = reading.sentence_start(hit.first)
        before = [one for one in reading.tokens if reading.offset <= one.start < start]
        behind = [one for one in topics if one.start >= hit.start]
        if (
            len(before) >= _MATTER
            and behind
            and (any(one.start >= hit.end for one in asked) or "?" in reading.text[hit.end :] or _score(behind) >= SURE)
        ):
            yield start


def _other_departments(reading: Reading, topics: list[Hit]) -> Iterator[int]:
    """“Also” sentences, paragraphs and items of a list that are clearly for another department than what is before."""
    starts = [reading.sentence_start(hit.first) for hit in reading.all("also")]
    starts += [match.start() + reading.offset for match in _LIST.finditer(reading.prose.text)]
    for start in starts:
        before = _clear(scores_of(hit for hit in topics if hit.start < start))
        behind = _clear(scores_of(hit for hit in topics if hit.start >= start))
        if before is not None and behind is not None and before != behind:
            yield start


def _score(hits: list[Hit]) -> int:
    return max(scores_of(hits).values())


def _clear(scores: dict[str, int]) -> str | None:
    (best, score), (_, other) = sorted(scores.items(), key=lambda one: -one[1])[:2]
    return best if score >= SURE and score > other else None


# --- sections


def empty_section(reading: Reading, matter: Matter) -> Iterator[Finding]:
    """A heading of the template with nothing behind it."""
    if reading.draft.turn is not Turn.NEW:
        return
    headings = {one.lower() for template in reading.lexicon.templates.values() for one in template.headings}
    lines = reading.prose.text.splitlines(keepends=True)
    at = 0
    for number, line in enumerate(lines):
        bare = line.strip().lower()
        if bare in headings and not _is_filled(lines, number, headings):
            yield Finding(
                EMPTY_SECTION,
                Severity.DELAY,
                f"Nothing stands behind “{line.strip()}”: fill it in, or take the line out.",
                RemoveLines(at, at + len(line)),
                Span(Part.BODY, at, at + len(line.rstrip())),
            )
        at += len(line)


def _is_filled(lines: list[str], number: int, headings: set[str]) -> bool:
    """Whether what belongs to the heading stands in the lines below it."""
    for line in lines[number + 1 :]:
        bare = line.strip().lower()
        if bare:
            return not any(bare.startswith(one) for one in headings)
        if not line.strip(" \t\r\n") and line.strip("\r\n"):
            return True  # a log that is not read as words
    return False
