"""The functions that are served, by what they are about; importing this package registers all of them."""

from __future__ import annotations

from billtui.sandbox.billmgr.functions import (
    access,
    account,
    basket,
    cart,
    desk,
    expenses,
    managing,
    menu,
    ordering,
    paying,
    payments,
    recovering,
    renewing,
    services,
    tariffs,
    tickets,
)

__all__ = [
    "access",
    "account",
    "basket",
    "cart",
    "desk",
    "expenses",
    "managing",
    "menu",
    "ordering",
    "paying",
    "payments",
    "recovering",
    "renewing",
    "services",
    "tariffs",
    "tickets",
]
