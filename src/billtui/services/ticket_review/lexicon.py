"""The words of the rules: tables of phrases for each language (``words/*.toml``), and finding them in a text.

A phrase is words with blanks between. ``stem*`` is every word that begins so, ``*end`` (not in the first place) every
one that ends so, ``a|b`` either one, ``~`` up to three words of any kind, ``_`` exactly one. Phrases never go over the
end of a sentence. They are looked up by their first word, so that the time grows with the text, hardly with the tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

LANGUAGES: Final = ("en", "ru", "uk")
_STEM_LENGTHS: Final = range(2, 15)
_GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Token:
    """One word: as it is looked up, where it stands, and in which sentence."""

    word: str
    start: int
    end: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of ``category`` at the tokens ``first`` to ``last``."""

    category: str
    first: int
    last: int
    start: int
    end: int
    phrase: str


@dataclass(frozen=True, slots=True)
class Template:
    """The sections that a report of a fault should have, in one language."""

    where: str
    since: str
    steps: str

    @property
    def headings(self) -> tuple[str, str, str]:
        """All of them, in order."""
        return (self.where, self.since, self.steps)


@dataclass(frozen=True, slots=True)
class _Element:
    """One place of a phrase: which words may stand there, and whether others may stand before it."""

    exact: frozenset[str]
    stems: tuple[str, ...]
    ends: tuple[str, ...]
    reach: int
    """How many words further on it may stand."""
    any: bool

    def answers(self, word: str) -> bool:
        """Whether this word may stand here."""
        return self.any or word in self.exact or word.startswith(self.stems) or word.endswith(self.ends)


@dataclass(frozen=True, slots=True)
class _Phrase:
    category: str
    following: tuple[_Element, ...]
    """What comes behind the first word."""
    text: str


@dataclass(slots=True)
class Lexicon:
    """All languages together: their words do not get into each other's way, and texts mix them."""

    templates: dict[str, Template] = field(default_factory=dict)
    slang: dict[str, dict[str, str]] = field(default_factory=dict)
    """Language → slang word → plain words."""
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    """Language → common words that only it has."""
    _exact: dict[str, list[_Phrase]] = field(default_factory=dict)
    _stems: dict[str, list[_Phrase]] = field(default_factory=dict)

    def add(self, language: str, table: Mapping[str, Any]) -> None:
        """Take a language's table in."""
        self.templates[language] = Template(**table["template"])
        self.slang[language] = dict(table["slang"])
        self.marks[language] = frozenset(table["marks"])
        for category, phrases in table["phrases"].items():
            for text in phrases:
                first, *rest = text.split()
                phrase = _Phrase(category, _elements(rest), text)
                for word in first.split("|"):
                    self._enter(word, phrase)

    def _enter(self, word: str, phrase: _Phrase) -> None:
        if not word.endswith("*"):
            self._exact.setdefault(word, []).append(phrase)
            return
        stem = word[:-1]
        if len(stem) not in _STEM_LENGTHS:
            raise ValueError(f"A stem has 2 to 14 letters: {phrase.text}")
        self._stems.setdefault(stem, []).append(phrase)

    def plain(self, word: str, language: str) -> str | None:
        """Plain words for a slang word, ``None`` where it is none; a text in ``language`` may hold slang of another."""
        for table in (self.slang.get(language, {}), *self.slang.values()):
            if word in table:
                return table[word]
        return None

    def hits(self, tokens: Sequence[Token]) -> Iterator[Hit]:
        """Every phrase in the text, in the order of the text."""
        for index, token in enumerate(tokens):
            for phrase in self._beginning_with(token.word):
                last = _matched(phrase.following, 0, tokens, index)
                if last is not None:
                    yield Hit(phrase.category, index, last, token.start, tokens[last].end, phrase.text)

    def _beginning_with(self, word: str) -> Iterator[_Phrase]:
        yield from self._exact.get(word, ())
        stems = self._stems
        for length in _STEM_LENGTHS:
            if length > len(word):
                return
            found = stems.get(word[:length])
            if found:
                yield from found


def _elements(words: Sequence[str]) -> tuple[_Element, ...]:
    found: list[_Element] = []
    reach = 1
    for word in words:
        if word == "~":
            reach = 1 + _GAP
            continue
        choices = word.split("|")
        exact = frozenset(one for one in choices if not one.endswith("*"))
        stems = tuple(one[:-1] for one in choices if one.endswith("*"))
        ends = tuple(one[1:] for one in choices if one.startswith("*"))
        found.append(_Element(exact - {f"*{end}" for end in ends}, stems, ends, reach, word == "_"))
        reach = 1
    return tuple(found)


def _matched(following: tuple[_Element, ...], at: int, tokens: Sequence[Token], index: int) -> int | None:
    """The index of the last token of a match of what follows the token at ``index``, from the element ``at`` on."""
    if at == len(following):
        return index
    element = following[at]
    sentence = tokens[index].sentence
    for next_one in range(index + 1, min(index + 1 + element.reach, len(tokens))):
        token = tokens[next_one]
        if token.sentence != sentence:
            return None
        if element.answers(token.word):
            last = _matched(following, at + 1, tokens, next_one)
            if last is not None:
                return last
    return None


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The tables of the package, read once."""
    found = Lexicon()
    folder = files("billtui.services.ticket_review") / "words"
    for language in LANGUAGES:
        found.add(language, tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))
    return found
