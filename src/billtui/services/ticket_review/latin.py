"""Russian and Ukrainian in Latin letters: recognising it, and writing it in Cyrillic again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final

_PAIRS: Final[tuple[tuple[str, str], ...]] = (
    ("shch", "щ"), ("sch", "щ"), ("yo", "ё"), ("jo", "ё"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"),
    ("sh", "ш"), ("yu", "ю"), ("ju", "ю"), ("iu", "ю"), ("ya", "я"), ("ja", "я"), ("ia", "ия"), ("ye", "е"),
    ("je", "е"), ("yj", "ый"), ("iy", "ий"), ("ij", "ий"),
    ("yy", "ый"), ("ey", "ей"), ("ej", "ей"), ("ay", "ай"), ("aj", "ай"),
    ("oy", "ой"), ("oj", "ой"), ("uy", "уй"), ("uj", "уй"),
    ("a", "а"), ("b", "б"), ("c", "ц"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"),
    ("j", "й"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"), ("r", "р"),
    ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"), ("w", "в"), ("x", "кс"), ("y", "ы"), ("z", "з"), ("'", "ь"),
)  # fmt: skip
_RUSSIAN: Final = dict(_PAIRS)
_UKRAINIAN: Final = _RUSSIAN | {
    "yi": "ї", "ji": "ї", "ye": "є", "je": "є", "h": "г", "g": "г", "y": "и", "i": "і", "ia": "ія", "yj": "ий",
    "iy": "ій", "ij": "ій", "yy": "ий", "yo": "йо", "jo": "йо",
}  # fmt: skip
_BEFORE_NO_VOWEL: Final = frozenset(["ey", "ej", "ay", "aj", "oy", "oj", "uy", "uj", "iy", "ij", "yj", "yy"])
_LETTERS: Final = re.compile(
    "|".join(
        f"{group}(?![aeiou])" if group in _BEFORE_NO_VOWEL else group
        for group in sorted(_UKRAINIAN, key=len, reverse=True)
    )
)
_PLAIN: Final = re.compile(r"[a-z']+\Z")

MIN_SHARE: Final = 0.3
"""So much of the Latin words of a text must be known transliterations."""


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    """Words that are Russian or Ukrainian in Latin letters and nothing in English, by language; ``*`` is a stem."""
    text = (files("billtui.services.ticket_review") / "words" / "latin.txt").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    language = ""
    for line in text.splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(language, set()).update(line.split())
    return {name: frozenset(words) for name, words in found.items()}


def _is_known(word: str, words: frozenset[str]) -> bool:
    return word in words or any(word[:length] + "*" in words for length in range(4, len(word) + 1))


def language_in_latin(words: Sequence[str]) -> str | None:
    """``ru`` or ``uk`` where these lower-case words are mostly that language in Latin letters, else ``None``."""
    plain = [word for word in words if _PLAIN.match(word)]
    if len(plain) < 2:
        return None
    known, counts = _known(), Counter(plain)

    def number(language: str) -> int:
        return sum(times for word, times in counts.items() if _is_known(word, known[language]))

    marks = {name: number(name) for name in ("ru", "uk")}
    shared = number("both")
    found = shared + sum(marks.values())
    if found < 2 or found < MIN_SHARE * len(plain):
        return None
    return "uk" if marks["uk"] > marks["ru"] else "ru"


@lru_cache(maxsize=4_096)
def is_transliterated(word: str) -> bool:
    """Whether this lower-case word is one of the known ones."""
    return any(_is_known(word, words) for words in _known().values())


def can_be_written_anew(word: str) -> bool:
    """Whether a word of a transliterated text goes to Cyrillic: no name, no technical word, no English one."""
    return bool(_PLAIN.match(word)) and (is_transliterated(word) or not _stays(word))


@lru_cache(maxsize=1)
def _staying() -> frozenset[str]:
    text = (files("billtui.services.ticket_review") / "words" / "latin-kept.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def _stays(word: str) -> bool:
    return word in _staying()


def in_cyrillic(word: str, language: str) -> str:
    """The word in Cyrillic letters; capitals stay capitals."""
    letters = _UKRAINIAN if language == "uk" else _RUSSIAN
    text = _LETTERS.sub(lambda match: letters.get(match[0]) or _one_by_one(match[0], letters), word.lower())
    if word.isupper() and len(word) > 1:
        return text.upper()
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


def _one_by_one(group: str, letters: dict[str, str]) -> str:
    return "".join(letters.get(letter, letter) for letter in group)
