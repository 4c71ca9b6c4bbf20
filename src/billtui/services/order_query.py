"""Expressions that choose orders, such as ``loc:nl,pl days<7 plan:micro -tag:keep``: read, checked, printed. Pure.

Terms stand one behind the other and all of them have to hold; a comma means "any of", ``-`` in front means "not".
What has no field is looked for in every text of the order. :mod:`billtui.services.order_matching` makes predicates.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from billtui.domain.numbers import is_number

MAX_LENGTH: Final = 2_000
"""Longest expression, in characters."""
MAX_TERMS: Final = 50

Op = Literal[":", "=", "<", "<=", ">", ">="]
Kind = Literal["text", "number", "choice"]

SWITCH: Final = ("on", "off")
BILL: Final = ("open", "none")
ADDON: Final = ("any", "none")


class Field(NamedTuple):
    """A field of an order: what kind of value it takes, an example, and what it says (for help and documents)."""

    kind: Kind
    example: str
    help: str


FIELDS: Final[dict[str, Field]] = {
    "loc": Field("text", "loc:nl,pl", "location; loc:us holds for us-east and us-west, loc=us-east only for that one"),
    "plan": Field("text", "plan:micro", "plan, whole or by one of its words; plan=vds-micro is that plan alone"),
    "state": Field("text", "state:active,blocked", "state of the order (ORD-1)"),
    "kind": Field("text", "kind:vds", "kind of service"),
    "name": Field("text", "name:web-*", "name: with * and ? the whole name, else any part of it; name=web-1 exactly"),
    "ip": Field("text", "ip:203.0.113.*", "address, by the same rules as name"),
    "id": Field("text", "id:17,18", "id, exactly"),
    "tag": Field("text", "tag:keep", "one of your own tags, exactly; tag:* is any tag"),
    "days": Field("number", "days<7", "days left, exact to the second; days=3 is at least 3 and less than 4"),
    "price": Field("number", "price>=9.90", "monthly list price without add-ons"),
    "discount": Field("number", "discount>=7", "discount in per cent"),
    "used": Field("number", "used>=12", "whole calendar months in use (DSC-1)"),
    "auto": Field("choice", "auto:off", "auto-renewal: on, off, or its period in months (auto:12)"),
    "bill": Field("choice", "bill:open", "an open invoice bills it (BLK-5): open or none"),
    "addon": Field("choice", "addon:any", "add-ons: any or none"),
}
"""Every field there is, in the order of the documents."""

_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]*)(<=|>=|[:=<>])")
_BARE = re.compile(r"[^\s\"',:<>=\\-][^\s\",:<>=\\]*")
_VALUE_END = frozenset(' \t\n\r\f\v\x1c\x1d\x1e\x1f\x85\xa0,"')


class QueryError(ValueError):
    """An expression that cannot be read. ``position`` counts characters from 0; the message says what to write."""

    def __init__(self, position: int, problem: str, hint: str) -> None:
        """``problem`` is what is wrong there, ``hint`` what to write instead."""
        super().__init__(f"At character {position + 1}: {problem} {hint}".rstrip())
        self.position = position
        self.problem = problem
        self.hint = hint


class Term(NamedTuple):
    """One condition. ``field`` is empty for words that any text of the order may hold."""

    field: str
    op: Op
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        head = f"{'-' if self.negated else ''}{self.field}{self.op if self.field else ''}"
        numbers = self.field in FIELDS and FIELDS[self.field].kind == "number"
        return head + ",".join(self.values if numbers else map(_printed, self.values))


class Query(NamedTuple):
    """A whole expression: every term has to hold. The empty one holds for every order."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


def parse(text: str) -> Query:
    """Read an expression. Raises :class:`QueryError`."""
    if len(text) > MAX_LENGTH:
        raise QueryError(MAX_LENGTH, f"an expression has at most {MAX_LENGTH} characters.", "Name fewer values.")
    reader = _Reader(text)
    terms: list[Term] = []
    while (term := reader.term()) is not None:
        terms.append(term)
        if len(terms) > MAX_TERMS:
            raise QueryError(reader.at, f"an expression has at most {MAX_TERMS} terms.", "Use commas for “any of”.")
    return Query(tuple(terms))


class SplitFilter(NamedTuple):
    """The text of a list's filter: plain words as they are, and the terms that name a field."""

    words: str
    query: Query
    error: QueryError | None = None
    """What is wrong with the last term that names a field; the others hold."""


def split_filter(text: str) -> SplitFilter:
    """Part a filter's text: what names no field of an order is words, looked for exactly as it stands.

    So ``web-01``, ``-01`` and ``http://`` are words, and ``loc:nl``, ``-tag:keep`` and ``days<7`` are terms.
    """
    words: list[str] = []
    terms: list[Term] = []
    error: QueryError | None = None
    if ":" in text or "<" in text or ">" in text or "=" in text:
        reader = _Reader(text)
        while reader.blanks():
            start = reader.at
            if not reader.names_a_field():
                words.append(reader.word())
                continue
            try:
                term = reader.term()
            except QueryError as problem:
                error, reader.at = problem, start
                reader.word()
            else:
                terms.append(term) if term is not None else None
    else:
        return SplitFilter(text, Query())
    return SplitFilter(" ".join(words), Query(tuple(terms)), error)


class _Reader:
    """Reads one term after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def blanks(self) -> bool:
        """Step over blanks; whether anything is left."""
        text, end = self.text, len(self.text)
        while self.at < end and text[self.at].isspace():
            self.at += 1
        return self.at < end

    def word(self) -> str:
        """Everything up to the next blank."""
        start = self.at
        while self.at < len(self.text) and not self.text[self.at].isspace():
            self.at += 1
        return self.text[start : self.at]

    def names_a_field(self) -> bool:
        """Whether a term of a field that exists begins here."""
        found = _FIELD.match(self.text, self.at + (self.text[self.at] == "-"))
        return found is not None and found[1].lower() in FIELDS

    def term(self) -> Term | None:
        """The next term; ``None`` at the end."""
        if not self.blanks():
            return None
        start = self.at
        negated = self.text[self.at] == "-"
        self.at += negated
        if negated and (self.at == len(self.text) or self.text[self.at].isspace()):
            raise QueryError(start, "“-” alone negates nothing.", "Write it before a term: -tag:keep.")
        found = _FIELD.match(self.text, self.at)
        if found is None:
            return Term("", ":", self._values("", start), negated)
        name, op = found[1].lower(), found[2]
        if name not in FIELDS:
            raise self._unknown(name, found)
        begin = self.at
        self.at = found.end()
        value_at = self.at
        values = self._values(name, value_at)
        return _checked(Term(name, op, values, negated), begin, value_at)  # type: ignore[arg-type]  # the pattern has only these

    def _unknown(self, name: str, found: re.Match[str]) -> QueryError:
        import difflib  # only for a mistake

        close = difflib.get_close_matches(name, FIELDS, 1, 0.6)
        hint = f"Did you mean {close[0]}{found[2]}?" if close else f"Fields are {', '.join(FIELDS)}."
        hint += " To look for the text, put it in quotes."
        return QueryError(self.at, f"there is no field “{name[:30]}”.", hint)

    def _values(self, field: str, start: int) -> tuple[str, ...]:
        values: list[str] = []
        while True:
            value = self._value(field)
            if value not in values:
                values.append(value)
            if self.at == len(self.text) or self.text[self.at] != ",":
                break
            self.at += 1
        if self.at < len(self.text) and not self.text[self.at].isspace():
            raise QueryError(self.at, "a quote ends in the middle of a word.", "Put a blank or a comma behind it.")
        return tuple(values)

    def _value(self, field: str) -> str:
        text, start = self.text, self.at
        if start < len(text) and text[start] == '"':
            return self._quoted()
        while self.at < len(text) and text[self.at] not in _VALUE_END and not text[self.at].isspace():
            self.at += 1
        value = text[start : self.at]
        if self.at < len(text) and text[self.at] == '"':
            raise QueryError(self.at, "a quote begins in the middle of a word.", "Put the whole value in quotes.")
        if any(sign in value for sign in "<>="):
            at = next(place for place, character in enumerate(value) if character in "<>=")
            hint = "Put a blank in front of the next term, or the whole value in quotes."
            raise QueryError(start + at, f"“{text[start + at]}” stands in the middle of a value.", hint)
        if not value:
            behind = f" behind “{text[max(0, start - 12) : start]}”" if start else ""
            example = FIELDS[field].example if field else "web,db"
            raise QueryError(start, f"a value is missing{behind}.", f"Write for example {example}.")
        return value

    def _quoted(self) -> str:
        text, start = self.text, self.at
        self.at += 1
        parts: list[str] = []
        while self.at < len(text):
            character = text[self.at]
            if character == "\\" and self.at + 1 < len(text):
                parts.append(text[self.at + 1])
                self.at += 2
                continue
            self.at += 1
            if character == '"':
                if not parts:
                    raise QueryError(start, "there is nothing between the quotes.", "Write what to look for.")
                return "".join(parts)
            parts.append(character)
        raise QueryError(start, "this quote has no end.", 'Write " behind the value.')


def _checked(term: Term, start: int, value_at: int) -> Term:
    """The term with its values as they are kept. Raises QueryError."""
    field = FIELDS[term.field]
    if field.kind == "number":
        return _numbers(term, value_at)
    if term.op not in (":", "="):
        hint = f"Write {term.field}:VALUE, for example {field.example}."
        raise QueryError(start, f"{term.field} is not a number, so “{term.op}” cannot compare it.", hint)
    if field.kind == "choice":
        values = tuple(dict.fromkeys(one.lower() for one in term.values))
        allowed = {"auto": SWITCH, "bill": BILL, "addon": ADDON}[term.field]
        for value in values:
            period = term.field == "auto" and is_number(value, 3)
            if value not in allowed and not period:
                raise QueryError(
                    value_at,
                    f"{term.field} cannot be “{value[:30]}”.",
                    f"Write {' or '.join(f'{term.field}:{one}' for one in allowed)}"
                    f"{' or a period such as auto:12' if term.field == 'auto' else ''}.",
                )
        return term._replace(op=":", values=values)
    return term


def _numbers(term: Term, value_at: int) -> Term:
    example = FIELDS[term.field].example
    if len(term.values) > 1 and term.op not in (":", "="):
        hint = f"Write one number, for example {example}, or {term.field}={','.join(term.values[:2])}."
        raise QueryError(value_at, f"“{term.op}” compares with one number.", hint)
    values: list[str] = []
    for value in term.values:
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,4})?", value, re.ASCII):
            raise QueryError(value_at, f"“{value[:30]}” is not a number.", f"Write for example {example}.")
        text = f"{Decimal(value):f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        values.append("0" if text == "-0" else text)
    return term._replace(op="=" if term.op == ":" else term.op, values=tuple(dict.fromkeys(values)))


def _printed(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
