"""Attachments: handed over by themselves, then named by a message; what no message names is dropped (TKT-6)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import tickets as rules
from billtui.sandbox.engine.errors import InvalidInput, NotFound, WrongKindOfInput
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_views import attachment_json
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import SECOND
from billtui.sandbox.engine.wire_tickets import AttachmentJSON

_UNATTACHED = 24 * 3_600 * SECOND
"""An upload that no message names is kept for so long."""
_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Stored:
    """An attachment with what is in it."""

    id: str
    name: str
    data: bytes


def file_name(given: str) -> str:
    """The name alone, of whatever path a client sent: nothing that is saved under it leaves its directory.

    Raises ``InvalidInput`` where nothing is left of it.
    """
    name = given.replace("\\", "/").rpartition("/")[2].replace("\0", "").strip()
    if name in ("", ".", "..") or len(name) > rules.NAME_LENGTH:
        detail = f"An attachment needs a name of 1 to {rules.NAME_LENGTH} characters."
        raise InvalidInput(detail, fields={"name": detail})
    return name


def upload(tx: Tx, who: Person, name: str, data: bytes) -> AttachmentJSON:
    """Keep a file until a message names it. Raises ``WrongKindOfInput`` for one that is too large (TKT-6)."""
    refusal = rules.attachments_refusal([len(data)], tx.policy)
    if refusal is not None:
        raise WrongKindOfInput(refusal, "body")
    attachment_id = tx.draw(_ID_BYTES).hex()
    kept = (attachment_id, who.account_id, file_name(name), len(data), hashlib.sha256(data).hexdigest(), tx.at)
    tx.sql(
        "INSERT INTO attachments (id, account_id, name, size, sha256, at, next_due) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*kept, tx.at + _UNATTACHED),
    )
    tx.sql("INSERT INTO attachment_data (attachment_id, data) VALUES (?, ?)", (attachment_id, data))
    return attachment_json(attachment_id, kept[2], kept[3], kept[4])


def check(tx: Tx, who: Person, attachment_ids: Sequence[str]) -> list[str]:
    """The ids of uploads that a message may name, each once.

    Raises ``RuleBroken`` where they are too many, or one is not there for this account: it never was, was dropped, or
    went with another message (TKT-6).
    """
    wanted = list(dict.fromkeys(attachment_ids))
    sizes: list[int] = []
    for attachment_id in wanted:
        found = tx.sql(
            "SELECT size FROM attachments WHERE id = ? AND account_id = ? AND message_id IS NULL",
            (attachment_id, who.account_id),
        ).fetchone()
        if found is None:
            text = "An attachment is not there any more, or went with another message: send the file again."
            raise RuleBroken(Refusal("attachment-unknown", "TKT-6", text, {"attachment_id": attachment_id}))
        sizes.append(int(found[0]))
    refusal = rules.attachments_refusal(sizes, tx.policy)
    if refusal is not None:
        raise RuleBroken(refusal)
    return wanted


def attach(tx: Tx, attachment_ids: Sequence[str], message_id: int) -> None:
    """They belong to a message now, which is written already."""
    for place, attachment_id in enumerate(attachment_ids):
        tx.sql(
            "UPDATE attachments SET message_id = ?, place = ?, next_due = NULL WHERE id = ?",
            (message_id, place, attachment_id),
        )


def download(tx: Tx, who: Person, attachment_id: str) -> Stored:
    """A file, for who handed it over and who may read its message. Raises ``NotFound``, also for everybody else."""
    found = tx.sql(
        "SELECT name, attachments.account_id, internal, ticket_messages.account_id, data FROM attachments"
        " JOIN attachment_data ON attachment_id = attachments.id"
        " LEFT JOIN ticket_messages ON ticket_messages.id = message_id WHERE attachments.id = ?",
        (attachment_id,),
    ).fetchone()
    if found is not None:
        name, uploader, internal, owner, data = found
        reads = owner is not None and (who.is_staff or (owner == who.account_id and not internal))
        if reads or uploader == who.account_id:
            return Stored(attachment_id, str(name), bytes(data))
    raise NotFound("attachment", attachment_id)


def drop_forgotten(tx: Tx) -> int:
    """Drop what no message has named in time; returns how many files that were."""
    due = "SELECT id FROM attachments WHERE next_due IS NOT NULL AND next_due <= ?"
    tx.sql(f"DELETE FROM attachment_data WHERE attachment_id IN ({due})", (tx.at,))
    return int(tx.sql("DELETE FROM attachments WHERE next_due IS NOT NULL AND next_due <= ?", (tx.at,)).rowcount)
