"""Renewals that are paid while the order's end has not moved yet, on panels whose batch job moves it later.

Such an order looks as if it still had to be renewed; renewing it again buys a further period. What this computer did
is in its journal: the renewal, its payment, and the end that the order had then. As long as the order still has that
end, it waits for the panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from billtui.domain.periods import parse_instant
from billtui.services.operation_kinds import OperationKind

if TYPE_CHECKING:
    from billtui.services.journal import JournalReader, OperationRow

K = OperationKind
MEMORY: Final = timedelta(days=7)
"""A panel that has not moved an end by then has another reason."""


@dataclass(frozen=True, slots=True)
class PaidAhead:
    """One order's renewal that is paid."""

    until: datetime
    """The end that the order had when it was renewed."""
    paid_at: datetime
    """When this computer learned that it is paid."""

    def waits(self, now_until: datetime | None) -> bool:
        """Whether an order that ends at ``now_until`` still waits for the panel."""
        return now_until == self.until


class PaidRenewals:
    """What the journal of this computer knows of one account; read anew only when the journal has grown."""

    def __init__(self, journal: JournalReader) -> None:
        """Reads nothing yet."""
        self._journal = journal
        self._known: tuple[tuple[str, str, int], dict[str, PaidAhead]] | None = None
        self._ends: dict[str, dict[str, datetime]] = {}

    def of(self, panel_id: str, account_id: str, now: datetime) -> Mapping[str, PaidAhead]:
        """The renewals of the last days that are paid, by the raw id of the order. Raises JournalError."""
        key = (panel_id, account_id, self._journal.generation())
        if self._known is None or self._known[0] != key:
            rows = self._journal.done_since(panel_id, account_id, (K.RENEW.value, K.PAY.value), now - MEMORY)
            self._known = (key, self._paid(rows))
        return self._known[1]

    def _paid(self, rows: list[OperationRow]) -> dict[str, PaidAhead]:
        paid = {
            str(row.answer.get("invoice_id")): row.changed_at
            for row in rows
            if row.kind == K.PAY and row.answer is not None and row.answer.get("state") == "done"
        }
        found: dict[str, PaidAhead] = {}
        for row in rows:
            if row.kind != K.RENEW:
                continue
            invoice: Any = (row.answer or {}).get("invoice")
            known = invoice if isinstance(invoice, dict) else {}
            at = row.changed_at if known.get("state") == "paid" else paid.get(str(known.get("id")))
            if at is not None:
                ends = self._ends_of(row)
                found |= {one: PaidAhead(end, at) for one, end in ends.items()}
        return found

    def _ends_of(self, row: OperationRow) -> dict[str, datetime]:
        """When the orders of a renewal ended, by the facts of its plan."""
        key = f"{row.job_id}:{row.number}"
        if key not in self._ends:
            lines = self._journal.plan(row.job_id).operation(row.number).facts.get("lines")
            ends: dict[str, datetime] = {}
            for order_id, line in lines.items() if isinstance(lines, dict) else ():
                until = line.get("paid_until") if isinstance(line, dict) else None
                if isinstance(until, str):
                    ends[order_id] = parse_instant(until)
            self._ends[key] = ends
        return self._ends[key]
