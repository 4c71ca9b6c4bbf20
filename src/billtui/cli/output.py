"""What a command says: one JSON document or tables on stdout, everything else on stderr; never a raw control byte.

A reader that went away (``| head``) ends the output, not the command: what was confirmed is carried out and its exit
code stays true.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from billtui.terminal.harmless import many_lines, one_line

if TYPE_CHECKING:
    from billtui.cli.problems import Problem

SCHEMA = 1
_ASCII = str.maketrans({"–": "-", "—": "-", "…": "...", "→": "->", "“": '"', "”": '"', "’": "'", "×": "x", "·": "*"})


def open_standard_streams() -> None:
    """Fill closed descriptors 0, 1 and 2: else the next opened file (the journal!) would become "standard output"."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor, inheritable=True)
                os.close(opened)
            else:
                os.set_inheritable(descriptor, True)


class Column(NamedTuple):
    """A column of a table: its title, and whether it is numbers (to the right) or may be cut to fit."""

    title: str
    right: bool = False
    cut: bool = False


class Output:
    """Where a command writes. ``as_json`` decides between one document and text."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.failed = False
        """Whether stdout could not take what was written (a full disk)."""
        self._gone: set[int] = set()

    # -- stdout

    def document(self, kind: str, **fields: Any) -> None:
        """The command's one JSON document. Control characters are escaped by JSON itself; raw values stay raw."""
        import json  # here and below: not for --help (P-START-3)

        body = {"schema": SCHEMA, "kind": kind, **fields}
        indent = 1 if self._width() is not None else None  # for eyes; without it a long list takes a third of the time
        self._write(sys.stdout, json.dumps(body, ensure_ascii=True, indent=indent, default=_plain) + "\n", clean=False)

    def line(self, text: str = "") -> None:
        """One line of text."""
        self._write(sys.stdout, one_line(text) + "\n")

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Labels and values, one pair a line."""
        pairs = [(label, value) for label, value in facts]
        width = max((len(label) for label, _ in pairs), default=0)
        for label, value in pairs:
            self.line(f"{label:<{width}}  {value}")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str = "Nothing.") -> None:
        """A table as wide as it must be; on a terminal cut to its width. Nothing at all is said in words."""
        cells = [[one_line(str(cell)) for cell in row] for row in rows]
        if not cells:
            self.line(empty)
            return
        for text in table_lines(columns, cells, self._width()):
            self.line(text)

    # -- stderr

    def note(self, text: str) -> None:
        """Something to know beside the result."""
        if not self.quiet:
            self._write(sys.stderr, many_lines(text) + "\n")

    def problem(self, problem: Problem) -> None:
        """Why it did not work: JSON on stderr with ``--json``, else a sentence and what to do."""
        if self.as_json:
            import json

            text = json.dumps(problem.as_json(), ensure_ascii=True, default=_plain)
            self._write(sys.stderr, text + "\n", clean=False)
            return
        rule = f" ({problem.rule})" if problem.rule and problem.rule not in problem.detail else ""
        self._write(sys.stderr, f"billtui: {many_lines(problem.detail)}{rule}\n")
        if hint := problem.more.get("hint"):
            self._write(sys.stderr, f"  {many_lines(str(hint))}\n")

    # -- inside

    def _width(self) -> int | None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if sys.stdout.isatty():
                import shutil

                return max(40, shutil.get_terminal_size((80, 24)).columns)
        return None

    def _write(self, stream: TextIO | None, text: str, *, clean: bool = True) -> None:
        number = 2 if stream is sys.stderr else 1
        if stream is None or number in self._gone:
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if clean and not encoding.lower().replace("-", "").startswith("utf8"):
            text = text.translate(_ASCII)
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            self._lost(stream, number, error)

    def _lost(self, stream: TextIO, number: int, error: Exception) -> None:
        """Nobody reads any more, or the disk is full: what follows goes nowhere."""
        self._gone.add(number)
        send_to_nowhere(stream)
        if number == 1 and isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            self.failed = True
            self.note(f"billtui: the output could not be written: {error.strerror}.")


def send_to_nowhere(stream: TextIO) -> None:
    """What the stream still holds must not become a trace at the very end."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The lines of a table; ``width`` is the terminal's, ``None`` where nothing is cut."""
    widths = [max(_cells(column.title), *(_cells(row[index]) for row in rows)) for index, column in enumerate(columns)]
    if width is not None:
        over = sum(widths) + 2 * (len(widths) - 1) - width
        for index in sorted((i for i, column in enumerate(columns) if column.cut), key=lambda i: -widths[i]):
            if over <= 0:
                break
            less = min(over, max(0, widths[index] - 8))
            widths[index] -= less
            over -= less
    titles = [column.title for column in columns]
    return [_table_line(columns, widths, row) for row in (titles, *rows)]


def _table_line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[str]) -> str:
    parts = []
    for column, width, cell in zip(columns, widths, row, strict=True):
        text = _cut(cell, width)
        blank = " " * (width - _cells(text))
        parts.append(blank + text if column.right else text + blank)
    return "  ".join(parts).rstrip()


def _cells(text: str) -> int:
    """How many cells a terminal draws ``text`` in."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    kept = text
    while kept and _cells(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept}…"


def _plain(value: object) -> object:
    """What JSON has no form for: models as their wire form, amounts as strings, instants in UTC."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else str(value)
