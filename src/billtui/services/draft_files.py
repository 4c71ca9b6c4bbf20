"""A draft as values, and how it stands in its private file (TKT-4, TKT-9).

Server access is in none of it: it has a field of its own, is typed when it is given, and is never written down here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from billtui.config.errors import UnsafePath
from billtui.config.paths import read_private, write_private
from billtui.domain.periods import format_instant, parse_instant
from billtui.services.ticket_params import AttachedFile

VERSION: Final = 1
FILE: Final = "draft.json"
_TEXTS: Final = (
    "department", "subject", "body", "ticket_number", "ticket_subject", "followed_from", "origin",
)  # fmt: skip
_IDS: Final = ("order_id", "invoice_id", "account_id", "seen")
_SWITCHES: Final = ("close", "held_back")


class DraftKind(StrEnum):
    """What it will be. A draft never changes its kind: so a note cannot become a reply by a slip (TKT-6)."""

    NEW = "new"
    REPLY = "reply"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class DraftKey:
    """Which draft: a ticket has one reply and one note, and more where two programs wrote at the same time."""

    kind: DraftKind
    ticket_id: str = ""
    """The ticket's raw id; empty for a new ticket."""
    number: int = 1
    """1, 2, 3 … among the new ones, or among those of this kind on the ticket."""

    @property
    def folder(self) -> str:
        """The name of its directory. Ids are a panel's words, so they are not used as they are."""
        if self.kind is DraftKind.NEW:
            return f"new-{self.number}"
        digest = hashlib.sha256(self.ticket_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return f"{self.kind.value}-{digest}-{self.number}"


@dataclass(frozen=True, slots=True)
class SentAs:
    """The operation that a draft was sent with; what became of it stands in the journal."""

    job_id: str
    number: int
    revision: int
    """The draft's revision then; a later one was changed after it was given back."""
    filed: bool = False
    """Not sent, but written to a plan file, which may be applied at any time."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is being written. Change it with ``dataclasses.replace``, then save it."""

    key: DraftKey
    department: str = ""
    subject: str = ""
    body: str = ""
    order_id: str | None = None
    invoice_id: str | None = None
    account_id: str | None = None
    """Staff: whose ticket a new one shall be."""
    close: bool = False
    """Staff and clients: close the ticket with this reply."""
    seen: str | None = None
    """Raw id of the last message of the thread that its writer saw (TKT-9)."""
    ticket_number: str = ""
    ticket_subject: str = ""
    """Of the ticket that is answered, for lists of drafts."""
    attachments: tuple[AttachedFile, ...] = ()
    """Copies beside the draft (TKT-6)."""
    placeholders: tuple[str, ...] = ()
    """Placeholders of canned replies that were put in: one that still stands in the body is not sent (TKT-8)."""
    held_back: bool = False
    """Kept until support has answered (TKT-3)."""
    followed_from: str = ""
    """Raw id of the ticket that it was written for, where that was merged into this one (TKT-8)."""
    sent: SentAs | None = None
    revision: int = 0
    """Counts what was saved; 0: never."""
    origin: str = ""
    """Drawn at the first save: another draft in the same place, begun after this one was discarded, has another."""
    saved_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing that a person wrote or chose would be lost with it."""
        return not (self.subject.strip() or self.body.strip() or self.attachments)

    @property
    def internal(self) -> bool:
        """Whether only staff will see it (TKT-6)."""
        return self.key.kind is DraftKind.NOTE


class DraftDamaged(Exception):
    """A draft's file that cannot be read; it is left alone, and the message says where it is."""


def same_text(one: Draft, other: Draft) -> bool:
    """Whether the two say the same, whenever they were saved."""
    return _bare(one) == _bare(other)


def _bare(draft: Draft) -> Draft:
    files = tuple(AttachedFile("", one.name, one.size, one.sha256) for one in draft.attachments)
    return replace(draft, attachments=files, sent=None, revision=0, origin="", saved_at=None)


def write(directory: Path, draft: Draft) -> None:
    """Replace the draft's file in one step, on disk when this returns. Raises UnsafePath, OSError."""
    content = json.dumps(_document(draft), ensure_ascii=True, separators=(",", ":")).encode()
    write_private(directory / FILE, content)


def read(directory: Path) -> Draft | None:
    """The draft in ``directory``; ``None`` where there is none. Raises DraftDamaged."""
    path = directory / FILE
    try:
        draft = _draft(directory, json.loads(read_private(path)))
        if draft.key.folder != directory.name:  # edited by hand: a note would be sent as a reply (TKT-6)
            raise ValueError("it is not the draft that its directory is for")
        return draft
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, UnsafePath, OSError) as error:
        raise DraftDamaged(f"The draft in {path} cannot be read ({error}); it is left as it is.") from None


def _document(draft: Draft) -> dict[str, Any]:
    content: dict[str, Any] = {
        "version": VERSION,
        "kind": draft.key.kind.value,
        "ticket_id": draft.key.ticket_id,
        "number": draft.key.number,
        "revision": draft.revision,
        "saved_at": format_instant(draft.saved_at) if draft.saved_at is not None else None,
        "placeholders": list(draft.placeholders),
        "attachments": [one.param() | {"path": Path(one.path).name} for one in draft.attachments],
    }
    for name in (*_TEXTS, *_IDS, *_SWITCHES):
        content[name] = getattr(draft, name)
    if draft.sent is not None:
        content["sent"] = [draft.sent.job_id, draft.sent.number, draft.sent.revision, draft.sent.filed]
    return content


def _draft(directory: Path, content: Any) -> Draft:
    if not isinstance(content, Mapping) or content.get("version") != VERSION:
        raise ValueError("it is no draft of this version")
    values: dict[str, Any] = {name: str(content.get(name) or "") for name in _TEXTS}
    values |= {name: content[name] if isinstance(content.get(name), str) else None for name in _IDS}
    values |= {name: content.get(name) is True for name in _SWITCHES}
    sent, saved_at = content.get("sent"), content.get("saved_at")
    return Draft(
        key=DraftKey(DraftKind(content["kind"]), str(content["ticket_id"]), int(content["number"])),
        attachments=tuple(_file(directory, one) for one in content.get("attachments", ())),
        placeholders=tuple(str(one) for one in content.get("placeholders", ())),
        sent=SentAs(str(sent[0]), int(sent[1]), int(sent[2]), sent[3:] == [True]) if isinstance(sent, list) else None,
        revision=int(content["revision"]),
        saved_at=parse_instant(saved_at) if isinstance(saved_at, str) else None,
        **values,
    )


def _file(directory: Path, one: Mapping[str, Any]) -> AttachedFile:
    """Files stand by their names only, so a draft's directory can be moved, and names nothing outside of it."""
    path = directory / Path(str(one["path"])).name
    return AttachedFile(str(path), str(one["name"]), int(one["size"]), str(one["sha256"]))


def now_utc() -> datetime:
    """The instant, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
