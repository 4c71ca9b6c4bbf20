"""What a step leaves to be paid: the invoice that it issued, and that nothing in its job pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.journal import OperationRow, OperationState
from billtui.services.operation_kinds import OperationKind

_ISSUES: Final = (OperationKind.RENEW, OperationKind.ORDER, OperationKind.ADDONS, OperationKind.PLAN_CHANGE)
_NOTHING_PAID: Final = (OperationState.REFUSED, OperationState.NOT_SENT, OperationState.CANCELLED)


class Issued(NamedTuple):
    """An invoice that was unpaid when the panel answered."""

    number: SafeText
    total: Money | None
    """What it comes to; ``None`` where the panel did not say."""

    @property
    def words(self) -> str:
        """``invoice 271, 287.11 EUR``."""
        return f"invoice {self.number}" if self.total is None else f"invoice {self.number}, {self.total}"


def issued_unpaid(row: OperationRow) -> Issued | None:
    """The unpaid invoice in the answer of a renewal or purchase (only payment renews, REN-1); ``None`` without one."""
    if row.kind not in _ISSUES or row.state is not OperationState.DONE or not row.answer:
        return None
    invoice = row.answer.get("invoice")
    if not isinstance(invoice, Mapping) or invoice.get("state") != "unpaid" or not invoice.get("number"):
        return None
    return Issued(SafeText(str(invoice["number"])), row.billed)


def left_to_pay(rows: Sequence[OperationRow]) -> list[Issued]:
    """The unpaid invoices of a whole job; none that the job itself pays or promises, unless that came to nothing."""
    paid = {row.takes_from for row in rows if row.kind == OperationKind.PAY and row.state not in _NOTHING_PAID}
    return [issued for row in rows if row.number not in paid and (issued := issued_unpaid(row)) is not None]
