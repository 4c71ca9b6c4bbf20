"""Ids are types: an order id is never taken for an invoice id. On the wire all ids are strings."""

from typing import NewType

AccountId = NewType("AccountId", str)
OrderId = NewType("OrderId", str)
InvoiceId = NewType("InvoiceId", str)
QuoteId = NewType("QuoteId", str)
PaymentId = NewType("PaymentId", str)
TransferId = NewType("TransferId", str)
TicketId = NewType("TicketId", str)
PlanId = NewType("PlanId", str)
LocationId = NewType("LocationId", str)
