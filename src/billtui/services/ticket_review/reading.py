"""A draft as the rules read it: its words without logs and quotations, its language, where sentences end."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from billtui.services.ticket_review.draft import Known, TicketDraft
from billtui.services.ticket_review.findings import Span
from billtui.services.ticket_review.fixes import Part
from billtui.services.ticket_review.latin import can_be_written_anew, in_cyrillic, language_in_latin
from billtui.services.ticket_review.lexicon import Hit, Lexicon, Token, lexicon
from billtui.services.ticket_review.secrets_found import Place, secrets_in

WORDS_READ: Final = 8_000
"""So many characters of the body are read as sentences, logs and quotations not counted; people write less."""
TEXT_READ: Final = 40_000
"""So many characters of the body are looked at for sentences, logs and quotations counted."""
MAX_WORD: Final = 64
_WORD: Final = re.compile(r"[^\W_]+(?:['’ʼ`\-][^\W_]+)*")
_END: Final = re.compile(r"[!?…]|\.(?=\s|\Z)|\n[ \t]{0,8}(?:\n|(?:[-*•]|\d{1,2}[.)])\s)")
_LOG: Final = re.compile(
    r"""\s*(?:
      \[?\d{4}[-/]\d\d[-/]\d\d[T\ ,]\d\d:\d\d          # 2026-06-10 02:15
    | \[\s*\d{1,8}\.\d{1,6}\]                          # [1034123.114] of the kernel
    | [A-Z][a-z]{2}\ +\d{1,2}\ \d\d:\d\d:\d\d          # Jun  9 02:11:40
    | \d\d:\d\d:\d\d[.,\ ]                             # 02:11:40
    | [\w.-]{1,40}(?:/[\w.-]{1,40})?\[\d{1,7}\]:       # postfix/smtp[2211]:
    | (?:Traceback|Caused\ by:|Received:|Return-Path:|X-[A-Za-z-]{2,30}:)
    | File\ ".{1,200}?",\ line\ \d
    | at\ [\w.$/<>]{3,120}\(
    | [$\#>%]\ \S
    | [\w.-]{1,32}@[\w.-]{1,64}[:~\ /\w.-]{0,80}[$\#](?=\s)
    | \d{1,3}\.(?:\|--)?\s+[\w.:-]{3,60}\s+\d+\.\d+    # mtr
    | (?:FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|PANIC|LOG|HINT|DETAIL|PHP\ [A-Z][a-z]+\ error|E|W|N|Err):\s
    | [\w.-]{1,40}:\ (?:error|warning|fatal|relocation)\b
    | \d{1,3}\ bytes\ from\ | PING\ | From\ \S{3,60}\ icmp_seq
    | [<{\[}\]/*|+=_-]{2}
    )""",
    re.VERBOSE,
)  # fmt: skip
_DENIED: Final = {"fault": "calm", "software-work": "own-work"}
"""Phrases that do not count where they touch one of the other category: “nothing is broken”, “I will upgrade”."""
_QUOTED: Final = re.compile(r"\s{0,3}>")
_FENCE: Final = "```"
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґ]")
_ONLY_RUSSIAN: Final = re.compile(r"[ыэёъЫЭЁЪ]")
_ONLY_UKRAINIAN: Final = re.compile(r"[іїєґІЇЄҐ]")


@dataclass(frozen=True, slots=True)
class Prose:
    """The body with everything that nobody wrote by hand blanked out; places are as in the body."""

    text: str
    logs: int
    """How many lines of logs, commands and code there are."""
    cut: bool
    """Whether the body is longer than what is read as sentences."""


def prose_of(body: str) -> Prose:
    """Blank out logs, code between fences and quotations."""
    out: list[str] = []
    logs = length = 0
    fenced = False
    cut = False
    for line in body[:TEXT_READ].splitlines(keepends=True):
        if length >= WORDS_READ:
            cut = True
            break
        bare = line.strip()
        fence = bare.startswith(_FENCE)
        if fence:
            fenced = not fenced
        if fence or fenced or _QUOTED.match(line):
            logs += not fence and fenced
            out.append(_blank(line))
        elif _is_dense(line) or _LOG.match(line):
            logs += 1
            out.append(_blank(line))
        else:
            out.append(line[: WORDS_READ - length])
            length += len(line)
    return Prose("".join(out), logs, cut or len(body) > TEXT_READ or length > WORDS_READ)


def _is_dense(line: str) -> bool:
    """A long line without the blanks that sentences have: data."""
    return len(line) > 2_000 and line.count(" ") * 16 < len(line)


def _blank(line: str) -> str:
    """As long as the line; only its end stays, so that a sentence does not go over it."""
    kept = len(line.rstrip("\r\n"))
    return " " * kept + line[kept:]


class Reading:
    """A draft, read once for all rules."""

    def __init__(self, draft: TicketDraft, known: Known, words: Lexicon | None = None) -> None:
        self.draft = draft
        self.known = known
        self.lexicon = words or lexicon()
        self.prose = prose_of(draft.body)
        self.subject = draft.subject[:500]
        self.offset = len(self.subject) + 2
        """Where the body begins in :attr:`text`."""
        self.text = f"{self.subject}\n\n{self.prose.text}"

    @cached_property
    def secrets(self) -> list[Place]:
        """Secrets of the body."""
        return secrets_in(self.draft.body)

    # -- words

    @cached_property
    def plain_tokens(self) -> list[Token]:
        """All words as they stand there."""
        return tokens_of(self.text)

    @cached_property
    def in_latin(self) -> str | None:
        """The language that is written in Latin letters instead of its own, if one is."""
        return language_in_latin([token.word for token in self.plain_tokens if self._is_free(token)])

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of own orders, and their parts."""
        words: set[str] = set()
        for order in self.known.orders:
            words.update(order.name.lower().replace(".", "-").split("-"), (order.name.lower(),))
        return frozenset(words)

    @cached_property
    def tokens(self) -> list[Token]:
        """All words, lower case; those in Latin letters that stand for Cyrillic ones are looked up as these."""
        language = self.in_latin
        if language is None:
            return self.plain_tokens
        return [
            Token(in_cyrillic(one.word, language).replace("ё", "е"), one.start, one.end, one.sentence)
            if self.is_for_cyrillic(one)
            else one
            for one in self.plain_tokens
        ]

    def is_for_cyrillic(self, token: Token) -> bool:
        """Whether this word of a transliterated text is none that belongs in Latin letters."""
        return self._is_free(token) and can_be_written_anew(token.word)

    def _is_free(self, token: Token) -> bool:
        """Whether it is a word by itself: no part of an address, a path, a quotation, an order's name."""
        around = self.text[max(0, token.start - 1) : token.start] + self.text[token.end : token.end + 1]
        if any(char in '/@_\\"' for char in around) or (token.start and self.text[token.start - 1] == "."):
            return False
        if self.text[token.end : token.end + 1] == "." and self.text[token.end + 1 : token.end + 2].isalnum():
            return False
        return token.word not in self.names

    @cached_property
    def hits(self) -> dict[str, list[Hit]]:
        """Phrases by category."""
        found: dict[str, list[Hit]] = {}
        for hit in self.lexicon.hits(self.tokens):
            found.setdefault(hit.category, []).append(hit)
        for name, denial in _DENIED.items():
            denials = found.get(denial, ())
            kept = [hit for hit in found.pop(name, ()) if not any(touch(hit, one) for one in denials)]
            if kept:
                found[name] = kept
        return found

    def all(self, *categories: str) -> list[Hit]:
        """The phrases of these categories, in the order of the text."""
        return sorted((hit for name in categories for hit in self.hits.get(name, ())), key=lambda hit: hit.start)

    def has(self, *categories: str) -> bool:
        """Whether there is any phrase of these categories."""
        return any(name in self.hits for name in categories)

    # -- places

    def span(self, start: int, end: int) -> Span:
        """A place of :attr:`text` as one of the subject or of the body."""
        if start < self.offset:
            return Span(Part.SUBJECT, start, min(end, len(self.subject)))
        return Span(Part.BODY, start - self.offset, end - self.offset)

    def sentence_start(self, index: int) -> int:
        """Where the sentence of this token begins: the place of its first word."""
        sentence = self.tokens[index].sentence
        while index > 0 and self.tokens[index - 1].sentence == sentence:
            index -= 1
        return self.tokens[index].start

    def sentence_end(self, index: int) -> int:
        """Where the sentence of this token ends: behind its last word."""
        sentence = self.tokens[index].sentence
        while index + 1 < len(self.tokens) and self.tokens[index + 1].sentence == sentence:
            index += 1
        return self.tokens[index].end

    # -- language

    @cached_property
    def language(self) -> str:
        """``en``, ``ru`` or ``uk``: what most of the text is written in."""
        if self.in_latin is not None:
            return self.in_latin
        words = [token.word for token in self.tokens]
        cyrillic = sum(bool(_CYRILLIC.match(word)) for word in words)
        if cyrillic * 4 < len(words) or not words:
            return "en"
        marks = {name: sum(word in self.lexicon.marks[name] for word in words) for name in ("ru", "uk")}
        russian = marks["ru"] + len(_ONLY_RUSSIAN.findall(self.text))
        ukrainian = marks["uk"] + len(_ONLY_UKRAINIAN.findall(self.text))
        return "uk" if ukrainian > russian else "ru"


def touch(hit: Hit, other: Hit) -> bool:
    """Whether two phrases have a word in common."""
    return hit.first <= other.last and other.first <= hit.last


def tokens_of(text: str) -> list[Token]:
    """The words of a text, lower case, with «е» for «ё» and one kind of apostrophe."""
    ends = [match.end() for match in _END.finditer(text)]
    found: list[Token] = []
    for match in _WORD.finditer(text):
        if match.end() - match.start() <= MAX_WORD:
            word = match[0].lower().replace("ё", "е").replace("’", "'").replace("ʼ", "'").replace("`", "'")
            found.append(Token(word, match.start(), match.end(), bisect_right(ends, match.start())))
    return found
