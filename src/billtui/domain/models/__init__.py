"""Models of the Billing API's objects: what the wire carries, typed."""

from billtui.domain.models.account import Account, Balances, Capabilities, LedgerLine, SessionInfo, SessionToken
from billtui.domain.models.catalogue import Addon, Location, Plan, StockItem
from billtui.domain.models.changes import Change, ChangeFeed, ChangeKind, ObjectKind, OperationStatus
from billtui.domain.models.invoices import (
    Discount,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    Payment,
    PaymentMethod,
    PaymentState,
)
from billtui.domain.models.orders import Action, AutoRenew, Order, OrderState
from billtui.domain.models.page import Page
from billtui.domain.models.problem import Problem
from billtui.domain.models.quotes import Exclusion, Quote, QuoteLine, RenewalRequest
from billtui.domain.models.wire import Instant, WireModel

__all__ = [
    "Account",
    "Action",
    "Addon",
    "AutoRenew",
    "Balances",
    "Capabilities",
    "Change",
    "ChangeFeed",
    "ChangeKind",
    "Discount",
    "Exclusion",
    "Instant",
    "Invoice",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceState",
    "LedgerLine",
    "Location",
    "ObjectKind",
    "OperationStatus",
    "Order",
    "OrderState",
    "Page",
    "Payment",
    "PaymentMethod",
    "PaymentState",
    "Plan",
    "Problem",
    "Quote",
    "QuoteLine",
    "RenewalRequest",
    "SessionInfo",
    "SessionToken",
    "StockItem",
    "WireModel",
]
