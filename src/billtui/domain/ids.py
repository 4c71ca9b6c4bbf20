"""Ids are types: an order id is never taken for an invoice id. On the wire all ids are strings."""

from typing import NewType

from billtui.domain.safetext import SafeText

AccountId = NewType("AccountId", str)
OrderId = NewType("OrderId", str)
InvoiceId = NewType("InvoiceId", str)
QuoteId = NewType("QuoteId", str)
PaymentId = NewType("PaymentId", str)
TransferId = NewType("TransferId", str)
TicketId = NewType("TicketId", str)
PlanId = NewType("PlanId", str)
LocationId = NewType("LocationId", str)


def clean_id(raw: str) -> str:
    """An id as it stands in the copy on this machine; ``raw`` is what the panel wrote."""
    return str(SafeText(raw))
