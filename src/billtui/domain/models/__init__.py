"""Models of the Billing API's objects: what the wire carries, typed."""

from billtui.domain.models.account import Account, Balances, Capabilities, LedgerLine, SessionInfo, SessionToken
from billtui.domain.models.catalogue import Addon, Location, OrderAddon, Plan, StockItem
from billtui.domain.models.changes import Change, ChangeFeed, ChangeKind, ObjectKind, OperationStatus
from billtui.domain.models.invoices import (
    AddonPart,
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
from billtui.domain.models.quotes import (
    AddonRequest,
    BoughtOrders,
    Exclusion,
    OrderCell,
    OrderRequest,
    PromoTerms,
    Quote,
    QuoteLine,
    RenewalRequest,
)
from billtui.domain.models.wire import Instant, WireModel

__all__ = [
    "Account",
    "Action",
    "Addon",
    "AddonPart",
    "AddonRequest",
    "AutoRenew",
    "Balances",
    "BoughtOrders",
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
    "OrderAddon",
    "OrderCell",
    "OrderRequest",
    "OrderState",
    "Page",
    "Payment",
    "PaymentMethod",
    "PaymentState",
    "Plan",
    "Problem",
    "PromoTerms",
    "Quote",
    "QuoteLine",
    "RenewalRequest",
    "SessionInfo",
    "SessionToken",
    "StockItem",
    "WireModel",
]
