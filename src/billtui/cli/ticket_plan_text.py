"""What the steps of a plan write to tickets, and to whom, as a person reviews it before it is carried out (TKT-6)."""

from __future__ import annotations

from typing import Final

from billtui.cli.shapes import count
from billtui.services.operation_kinds import WRITTEN, OperationKind
from billtui.services.planner import words_of
from billtui.services.plans import Operation
from billtui.terminal.harmless import many_lines, one_line

K = OperationKind
MOST_LINES: Final = 60
"""Lines of a text that are shown; how many more there are is said."""
MOST_CHARACTERS: Final = 8_000


def in_short(operation: Operation) -> str:
    """What a step does, from its own parameters and targets: above all who will read it."""
    on = " ".join(one_line(one) for one in operation.targets[:20])
    if len(operation.targets) > 20:
        on = f"{len(operation.targets)} tickets"
    return f"{operation.kind.value} {on}: {_what(operation)}"


def detail_lines(operation: Operation) -> list[str]:
    """The whole of it: every parameter that is sent, the text itself, and the files with their sizes."""
    params = operation.params
    lines = ["", f"Step {operation.number}: {_what(operation)}"]
    for name in ("subject", "order_id", "invoice_id", "account_id", "into", "message_ids", "title", "language"):
        value = params.get(name)
        if value:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append(f"  {name.replace('_', ' ')}: {one_line(shown)}")
    if operation.kind in WRITTEN:
        for file in operation.files():
            lines.append(f"  file: {one_line(file.name)}, {file.size:,} bytes (from {one_line(file.path)})")
    body = params.get("body")
    return [*lines, *_text(body)] if isinstance(body, str) else lines


def _what(operation: Operation) -> str:
    params = operation.params
    match operation.kind:
        case K.TICKET_REPLY if params.get("internal") is not False:
            return "a note that only staff sees"
        case K.TICKET_REPLY:
            return f"a reply{' that closes the ticket' if params.get('close') is True else ''}"
        case K.TICKET_NEW:
            return f"a new ticket to {one_line(operation.text('department'))}"
        case K.TICKET_CHANGE:
            return one_line(words_of(operation.change()))
        case K.TICKET_MERGE:
            return (
                f"merge {count(len(operation.texts('ticket_ids')), 'ticket')} into {one_line(operation.text('into'))}"
            )
        case K.TICKET_UNMERGE:
            return "take the ticket out of the one that it was merged into"
        case K.TICKET_SPLIT:
            moved = count(len(operation.texts("message_ids")), "message")
            return f"make {moved} a new ticket to {one_line(operation.text('department'))}"
        case K.CANNED_SAVE:
            return "save a canned reply"
        case _:
            return "delete a canned reply"


def _text(body: str) -> list[str]:
    lines = many_lines(body[:MOST_CHARACTERS]).split("\n")
    shown = [f"  | {line}" for line in lines[:MOST_LINES]]
    if len(body) > MOST_CHARACTERS or len(lines) > MOST_LINES:
        shown.append(f"  | … ({len(body):,} characters in all)")
    return shown
