"""What an invoice bills, as a fact of a plan: an id and a total alone do not say it.

On some panels what waits to be paid is a basket: its number stays while things are put in and taken out, and two
servers of one tariff cost the same. A payment is for what was shown, or it is not sent.
"""

from __future__ import annotations

import hashlib
import json

from billtui.domain.models import Invoice


def billed(invoice: Invoice) -> str | None:
    """A digest of what its lines bill, at which price, in whatever order; ``None`` where its lines are not told.

    A line of an order is known by the order's id, whatever it is called; others by their titles.
    """
    if not invoice.lines:
        return None
    lines = sorted((one.order_id or one.title).raw + f" {one.amount}" for one in invoice.lines)
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]
