"""Templates for tickets: what a department has to know, in the languages of the review (TKT-2).

They are data (``words/*.toml``): a title to find one by, a subject, and a body with headings to write behind. Headings
are those of the review, so that an empty one is found before the ticket is sent.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from billtui.services.ticket_review.lexicon import LANGUAGES

LANGUAGE_NAMES: Final = {"en": "English", "ru": "русский", "uk": "українська"}


@dataclass(frozen=True, slots=True)
class TicketTemplate:
    """One beginning of a ticket."""

    id: str
    """Language and name: ``uk:unreachable``."""
    language: str
    department: str
    title: str
    subject: str
    """A beginning; the person ends it."""
    body: str


@lru_cache(maxsize=1)
def templates() -> tuple[TicketTemplate, ...]:
    """All of them, in the order of the languages and their files."""
    folder = files("billtui.services.ticket_templates") / "words"
    found: list[TicketTemplate] = []
    for language in LANGUAGES:
        table = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
        found += [
            TicketTemplate(
                id=f"{language}:{name}", language=language, department=one["department"], title=one["title"],
                subject=one["subject"], body=one["body"].strip("\n"),
            )
            for name, one in table.items()
        ]  # fmt: skip
    return tuple(found)


def own_language(environment: Mapping[str, str] | None = None) -> str:
    """The language of the terminal's locale, where there are templates in it; else English."""
    environment = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name, ""):
            code = value.partition("_")[0].partition(".")[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def language_of(text: str) -> str | None:
    """The language that a text is plainly written in, by its letters; ``None`` where nothing tells."""
    head = text[:4000].lower()
    if any(letter in head for letter in "іїєґ"):
        return "uk"
    if any(letter in head for letter in "ыэъё"):
        return "ru"
    if any("а" <= letter <= "я" for letter in head):
        return "ru"
    return "en" if sum("a" <= letter <= "z" for letter in head) > 20 else None


def offered(department: str, language: str) -> Sequence[TicketTemplate]:
    """All templates: this department's in this language first, then the language's, then the rest."""
    return sorted(templates(), key=lambda one: (one.language != language, one.department != department))
