"""What operations on tickets say in a plan: files, changes, and the seal that keeps a note a note (TKT-6, TKT-8).

Plans are files that anybody may have edited. A reply or a new ticket therefore carries a seal over everything that is
sent: where one word of it was changed by hand, the plan is refused as damaged. Above all nobody turns a note into a
reply by changing ``true`` to ``false``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from billtui.domain.models import TicketChange, TicketState
from billtui.services.operation_kinds import ON_TICKETS, WRITTEN, OperationKind

K = OperationKind
Params = Mapping[str, JsonValue]

TARGET_OF_TICKETS: Final = r"(ticket|canned):\S{1,200}|new-(ticket|canned):[1-9][0-9]{0,4}"
"""What operations on tickets lock: a ticket, a canned reply, or a new one by the number of its draft."""
SEAL: Final = "seal"
"""Under this name the seal stands in the facts."""
MOST_TICKETS: Final = 1000
"""Tickets of one bulk change (BLK-7)."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that goes with a message: where it lies on this computer, and what it was when it was chosen (TKT-6)."""

    path: str
    """Absolute."""
    name: str
    """What it is called on the panel."""
    size: int
    """Bytes."""
    sha256: str

    def param(self) -> dict[str, JsonValue]:
        """As it stands in a plan."""
        return {"path": self.path, "name": self.name, "size": self.size, "sha256": self.sha256}


def files_in(params: Params) -> tuple[AttachedFile, ...]:
    """The files of a message. Raises ValueError for anything that is no list of files."""
    value = params.get("attachments")
    if not isinstance(value, list):
        raise ValueError("its attachments are no list")
    return tuple(map(_file, value))


def _file(value: JsonValue) -> AttachedFile:
    given = value if isinstance(value, dict) else {}
    path, name, size, digest = (given.get(one) for one in ("path", "name", "size", "sha256"))
    if set(given) != {"path", "name", "size", "sha256"} or not isinstance(path, str) or not isinstance(name, str):
        raise ValueError("an attachment has path, name, size and sha256")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0 or not path.startswith("/") or not name:
        raise ValueError("an attachment has an absolute path, a name, and its size in bytes")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ValueError("the sha256 of an attachment is 64 hexadecimal digits")
    return AttachedFile(path, name, size, digest)


def change_in(params: Params) -> TicketChange:
    """What is to be other about tickets. Raises ValueError for what is no change, or for one that changes nothing."""
    try:
        change = TicketChange.model_validate(params.get("change"))
    except ValidationError:
        raise ValueError("its change is none that a ticket can have") from None
    if not change.on_wire():
        raise ValueError("a change of tickets changes something")
    return change


def seal(kind: OperationKind, params: Params) -> str:
    """A digest of everything that is sent."""
    content = json.dumps(params, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"billtui/{kind.value}/{content}".encode()).hexdigest()


def acts_on(kind: OperationKind, params: Params) -> set[str]:
    """What parameters of an operation on tickets name, as targets: it has to be what is locked.

    The order or invoice that a new ticket is about is not locked: it can be renewed or paid meanwhile.
    """
    found: set[str] = set()
    for name in ("ticket_id", "ticket_ids", "into"):
        value = params.get(name)
        found |= {f"ticket:{one}" for one in (value if isinstance(value, list) else [value] if value else [])}
    reply = params.get("reply_id")
    return found | ({f"canned:{reply}"} if reply else set())


def check(kind: OperationKind, targets: Sequence[str], params: Params, facts: Params, *, holdable: bool) -> None:
    """Whether an operation on tickets is sound. Raises ValueError."""
    if kind not in ON_TICKETS:
        return
    if acts_on(kind, params) - set(targets):
        raise ValueError(f"{kind} acts on something that is not among its targets")
    if kind in WRITTEN:
        files_in(params)
        if facts.get(SEAL) != seal(kind, params):
            raise ValueError("what is written is not what was sealed")
    if kind is K.TICKET_NEW:
        _new(targets)
    elif kind is K.TICKET_REPLY:
        _reply(targets, params)
    elif kind is K.TICKET_CHANGE:
        _change(params, holdable=holdable)


def _new(targets: Sequence[str]) -> None:
    if len(targets) != 1 or not targets[0].startswith("new-ticket:"):
        raise ValueError("a new ticket has the target new-ticket:N")


def _reply(targets: Sequence[str], params: Params) -> None:
    if not all(isinstance(params.get(one), bool) for one in ("internal", "close")):
        raise ValueError("a message says whether it is a note, and whether it closes the ticket")
    if params.get("internal") is True and params.get("close") is True:
        raise ValueError("a note closes nothing")
    if not isinstance(params.get("seen"), str) or not params.get("seen"):
        raise ValueError("a message says which message of the thread its writer saw last")
    if len(targets) != 1:
        raise ValueError("a message goes to one ticket")


def _change(params: Params, *, holdable: bool) -> None:
    change = change_in(params)
    ids = params.get("ticket_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_TICKETS or len({str(one) for one in ids}) != len(ids):
        raise ValueError(f"a change is of 1 to {MOST_TICKETS} tickets, each once")
    if holdable and change.state is not TicketState.CLOSED:
        raise ValueError("of changes of tickets only closing can be held back")


def object_of(value: Any) -> Mapping[str, Any]:
    """``value`` where it is an object of JSON, else an empty one."""
    return value if isinstance(value, Mapping) else {}
