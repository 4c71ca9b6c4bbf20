"""How a draft stands, by the journal; and whether a plan says what a draft says (TKT-9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billtui.services.draft_files import Draft, DraftKind
from billtui.services.journal import JournalError, JournalReader, OperationState, UnknownJob
from billtui.services.journal.states import OPEN
from billtui.services.plans import Operation, OperationKind

S = OperationState


class DraftState(StrEnum):
    """How a draft stands."""

    WRITING = "writing"
    SENDING = "being sent"
    """Locked: held, on its way, or looked up."""
    RETURNED = "given back"
    """It was not sent; the reason stands beside it."""
    SENT = "sent"
    """Done; it is deleted when drafts are read next."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a draft stands, by the journal."""

    state: DraftState
    job_id: str | None = None
    code: str = ""
    """Why it was given back, such as ``thread-moved-on``, ``taken-back``, ``attachment-too-large``; while it is being
    sent, the operation's state: ``held``, ``sending``, ``unknown`` …"""
    rule: str = ""
    reason: str = ""
    """One sentence for a person; as a panel may have said it, so make it a SafeText before it is drawn."""


class DraftConflict(Exception):
    """Another program saved, sent or discarded this draft since it was read; nothing was written.

    ``theirs`` is the draft as it is now, ``None`` where it is gone. The way out: ``Drafts.save_beside`` keeps both,
    ``Drafts.save_over`` takes the place of theirs, or go on with theirs.
    """

    def __init__(self, theirs: Draft | None) -> None:
        what = "was changed" if theirs is not None else "was sent or discarded"
        super().__init__(f"This draft {what} in another program meanwhile: keep both, or choose one.")
        self.theirs = theirs


class DraftLocked(Exception):
    """The draft is being sent, so it cannot be changed; ``standing`` says by which job."""

    def __init__(self, standing: Standing) -> None:
        super().__init__("This draft is being sent: take it back, or wait until it is known what became of it.")
        self.standing = standing


class PlanOfAnother(Exception):
    """The plan does not say what the draft says: it was made before a change, or of another draft."""


def standing_of(draft: Draft, journal: JournalReader) -> Standing:
    """Whether it is being written, being sent, or was given back and why, as the journal says now.

    A journal that cannot be read keeps the lock: what was sent is not sent twice because a disk is in trouble.
    """
    sent = draft.sent
    if sent is None:
        return Standing(DraftState.WRITING)
    try:
        row = journal.operation(sent.job_id, sent.number)
    except UnknownJob:
        if sent.filed:
            words = "It stands in a plan file as well: applying that sends it."
            return Standing(DraftState.WRITING, sent.job_id, "in-plan-file", "", words)
        words = "The journal does not know of it: unless the journal was removed, it was not sent. Send it again."
        return Standing(DraftState.RETURNED, sent.job_id, "not-taken-on", "", words)
    except JournalError as error:
        return Standing(DraftState.SENDING, sent.job_id, "journal", "", str(error))
    if row.state in OPEN:
        return Standing(DraftState.SENDING, sent.job_id, row.state.value, "", row.detail.raw if row.detail else "")
    if row.state is S.DONE and draft.revision == sent.revision:
        return Standing(DraftState.SENT, sent.job_id)
    if row.state is S.DONE:
        words = "An earlier version of it was sent after all: look at the thread before you send this one."
        return Standing(DraftState.RETURNED, sent.job_id, "sent-after-all", "TKT-9", words)
    reason = row.detail.raw if row.detail is not None else f"It is {row.state.value}; nothing was sent."
    return Standing(DraftState.RETURNED, sent.job_id, row.code or row.state.value, row.rule or "", reason)


def says(operation: Operation, draft: Draft) -> bool:
    """Whether an operation writes what the draft says, and to whom: text, files, department, who may read it."""
    params = operation.params
    same = params.get("body") == draft.body and params.get("attachments") == [one.param() for one in draft.attachments]
    if draft.key.kind is DraftKind.NEW:
        about = [params.get(one) for one in ("department", "subject", "order_id", "invoice_id", "account_id")]
        wanted = [draft.department, draft.subject, draft.order_id, draft.invoice_id, draft.account_id]
        return operation.kind is OperationKind.TICKET_NEW and same and about == wanted
    about = [params.get(one) for one in ("ticket_id", "internal", "close", "seen")]
    wanted_of_it: list[object] = [draft.key.ticket_id, draft.internal, draft.close, draft.seen]
    return operation.kind is OperationKind.TICKET_REPLY and same and about == wanted_of_it
