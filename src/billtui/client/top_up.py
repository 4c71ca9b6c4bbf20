"""What topping up answers."""

from __future__ import annotations

from billtui.domain.models import Invoice, Payment, WireModel


class TopUp(WireModel):
    """The invoice of a top-up and its payment, whose address leads to the provider (INV-13)."""

    invoice: Invoice
    payment: Payment
