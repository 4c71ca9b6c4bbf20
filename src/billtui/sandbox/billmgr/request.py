"""What was asked: query, form body and files, whichever way they came (wire: 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

_MOST_FIELDS = 20_000
_QUOTED = re.compile(r'([A-Za-z0-9*_-]+)="((?:[^"\\]|\\.)*)"|([A-Za-z0-9*_-]+)=([^;\s]+)')


class UnreadableBody(Exception):
    """A body that is not what its type says."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    name: str
    content: bytes


@dataclass(slots=True)
class Form:
    """The fields of a request: of one that is given twice the last one counts, as in the panel's own page."""

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """A field, without blanks around it."""
        return self.values.get(name, default).strip()

    def has(self, name: str) -> bool:
        """Whether the field was sent, also empty."""
        return name in self.values

    @property
    def func(self) -> str:
        """Which function is wanted."""
        return self.get("func")

    @property
    def writes(self) -> bool:
        """Whether a form is sent to be done: with ``sok``, and no ``sv_field``, which only computes (wire: 6)."""
        return self.get("sok") == "ok" and not self.get("sv_field")

    @property
    def ids(self) -> list[str]:
        """``elid``: one id, or several joined by a comma and a blank, each once (wire: 5)."""
        parts = (part.strip() for part in self.get("elid").split(","))
        return list(dict.fromkeys(part for part in parts if part))


def read_form(query: str, content_type: str, body: bytes) -> Form:
    """The fields of a request. Raises :class:`UnreadableBody`."""
    form = Form()
    _take(form, query)
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind == "multipart/form-data":
        _take_parts(form, body, _parameters(parameters).get("boundary", ""))
    elif body and kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise UnreadableBody("The body is not UTF-8") from error
        _take(form, text.strip("\r\n"))
    elif body:
        raise UnreadableBody(f"A body is a form, not {kind[:80]}")
    return form


def _take(form: Form, text: str) -> None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError as error:
        raise UnreadableBody("The form has too many fields") from error
    form.values.update(pairs)


def _parameters(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for match in _QUOTED.finditer(text):
        quoted, value, bare, plain = match.groups()
        if quoted is not None:
            found[quoted.lower()] = re.sub(r"\\(.)", r"\1", value)
        else:
            found[bare.lower()] = plain
    return found


def _take_parts(form: Form, body: bytes, boundary: str) -> None:
    if not boundary:
        raise UnreadableBody("A multipart body needs its boundary")
    mark = b"--" + boundary.encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise UnreadableBody("The multipart body does not end as it should")
    for part in parts[1:-1]:
        head, gap, content = part.partition(b"\r\n\r\n")
        if not gap:
            raise UnreadableBody("A part of the multipart body has no headers")
        _take_part(form, head.decode("utf-8", "replace"), content)


def _as_typed(text: str) -> str:
    """A name of a part: browsers escape these three characters in it, and no others."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _take_part(form: Form, head: str, content: bytes) -> None:
    disposition = next(
        (line for line in head.split("\r\n") if line.lower().startswith("content-disposition:")), ""
    ).partition(":")[2]
    about = _parameters(disposition)
    if "name" not in about:
        raise UnreadableBody("A part of the multipart body has no name")
    name = _as_typed(about["name"])
    if "filename" in about:
        if about["filename"]:
            form.files[name] = Upload(_as_typed(about["filename"]), content)
        return
    form.values[name] = content.decode("utf-8", "replace")
