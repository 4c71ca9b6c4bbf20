"""What an operation of a plan can be, and what holds for which kind."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OperationKind(StrEnum):
    """What one operation does; the part before the dot is what it is done to."""

    PAY = "invoice.pay"
    DELETE = "invoice.delete"
    COMBINE = "invoice.combine"
    SPLIT = "invoice.split"
    ORDER = "order.new"
    ADDONS = "order.addons"
    PLAN_CHANGE = "order.change-plan"
    RENEW = "order.renew"
    ACTION = "order.action"
    RENAME = "order.rename"
    AUTO_RENEW = "order.auto-renew"
    TOP_UP = "balance.top-up"
    MOVE = "balance.move"
    TRANSFER_PUSH = "transfer.push"
    TRANSFER_CONFIRM = "transfer.confirm"
    TRANSFER_ACCEPT = "transfer.accept"
    TRANSFER_DECLINE = "transfer.decline"
    TRANSFER_CANCEL = "transfer.cancel"
    NOTIFY = "account.notifications"
    TICKET_NEW = "ticket.new"
    TICKET_REPLY = "ticket.reply"
    """A reply, or a note: ``internal`` says which, and stands sealed in the plan (TKT-6)."""
    TICKET_CHANGE = "ticket.change"
    TICKET_MERGE = "ticket.merge"
    TICKET_UNMERGE = "ticket.unmerge"
    TICKET_SPLIT = "ticket.split"
    CANNED_SAVE = "canned.save"
    CANNED_DELETE = "canned.delete"


HOLDABLE: Final = frozenset(
    {
        OperationKind.DELETE,
        OperationKind.COMBINE,
        OperationKind.SPLIT,
        OperationKind.TICKET_NEW,
        OperationKind.TICKET_REPLY,
        OperationKind.TICKET_CHANGE,
    }
)
"""What waits in the undo window: it can be held back, and it moves no money. Of changes of tickets only closing does.

Cancelling a transfer is not among them: until it is cancelled the other side can still accept, so it goes at once. Nor
is declining: the sender can push the order again.
"""

STEPS: Final = frozenset(
    {
        OperationKind.TRANSFER_CONFIRM,
        OperationKind.TRANSFER_ACCEPT,
        OperationKind.TRANSFER_DECLINE,
        OperationKind.TRANSFER_CANCEL,
    }
)
"""One step of one transfer (TRF-3)."""

CODED: Final = frozenset({OperationKind.TRANSFER_CONFIRM, OperationKind.TRANSFER_ACCEPT})
"""What needs the one-time code of a mail (TRF-2).

The code stands neither in the plan nor in the journal: it is handed over with the plan, kept in memory, and gone when
the operation is over or the program ends. So such a plan is no file either.
"""

PURCHASES: Final = frozenset(
    {OperationKind.ORDER, OperationKind.ADDONS, OperationKind.PLAN_CHANGE, OperationKind.RENEW}
)
"""What issues an invoice that a later operation of the same plan may pay."""

FALLING: Final = frozenset({OperationKind.ADDONS, OperationKind.PLAN_CHANGE})
"""What is billed for the rest of a paid period (ORD-5, ORD-6): it costs a little less each hour."""

WRITTEN: Final = frozenset({OperationKind.TICKET_NEW, OperationKind.TICKET_REPLY})
"""What carries a person's text, and files (TKT-6)."""

ON_TICKETS: Final = WRITTEN | {
    OperationKind.TICKET_CHANGE,
    OperationKind.TICKET_MERGE,
    OperationKind.TICKET_UNMERGE,
    OperationKind.TICKET_SPLIT,
    OperationKind.CANNED_SAVE,
    OperationKind.CANNED_DELETE,
}
"""What is done to tickets and canned replies (TKT-8)."""

SPENDING: Final = PURCHASES | {OperationKind.PAY, OperationKind.TOP_UP, OperationKind.MOVE}
"""What carries an amount that counts in the plan's total."""

PARAMS: Final[dict[OperationKind, frozenset[str]]] = {
    OperationKind.PAY: frozenset({"method"}),
    OperationKind.DELETE: frozenset({"invoice_id"}),
    OperationKind.COMBINE: frozenset({"invoice_ids"}),
    OperationKind.SPLIT: frozenset({"invoice_id"}),
    OperationKind.ORDER: frozenset({"cells", "period"}),
    OperationKind.ADDONS: frozenset({"order_ids", "addons"}),
    OperationKind.PLAN_CHANGE: frozenset({"order_id", "plan"}),
    OperationKind.RENEW: frozenset({"order_ids", "period"}),
    OperationKind.ACTION: frozenset({"order_id", "action"}),
    OperationKind.RENAME: frozenset({"order_id", "name"}),
    OperationKind.AUTO_RENEW: frozenset({"order_id", "on", "months"}),
    OperationKind.TOP_UP: frozenset({"method"}),
    OperationKind.MOVE: frozenset(),
    OperationKind.TRANSFER_PUSH: frozenset({"order_ids", "recipient_login", "recipient_account_id"}),
    OperationKind.TRANSFER_CONFIRM: frozenset({"transfer_id"}),
    OperationKind.TRANSFER_ACCEPT: frozenset({"transfer_id"}),
    OperationKind.TRANSFER_DECLINE: frozenset({"transfer_id"}),
    OperationKind.TRANSFER_CANCEL: frozenset({"transfer_id"}),
    OperationKind.NOTIFY: frozenset({"settings"}),
    OperationKind.TICKET_NEW: frozenset({"department", "subject", "body", "attachments"}),
    OperationKind.TICKET_REPLY: frozenset({"ticket_id", "body", "attachments", "internal", "seen", "close"}),
    OperationKind.TICKET_CHANGE: frozenset({"ticket_ids", "change"}),
    OperationKind.TICKET_MERGE: frozenset({"ticket_ids", "into"}),
    OperationKind.TICKET_UNMERGE: frozenset({"ticket_id"}),
    OperationKind.TICKET_SPLIT: frozenset({"ticket_id", "message_ids", "subject", "department"}),
    OperationKind.CANNED_SAVE: frozenset({"title", "body", "language"}),
    OperationKind.CANNED_DELETE: frozenset({"reply_id"}),
}
"""The parameters that each kind cannot do without."""
