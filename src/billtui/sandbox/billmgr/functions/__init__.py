"""The functions that are served, by what they are about; importing this package registers all of them."""

from __future__ import annotations

from billtui.sandbox.billmgr.functions import (
    access,
    account,
    basket,
    cart,
    desk,
    managing,
    menu,
    ordering,
    paying,
    payments,
    renewing,
    services,
    tickets,
)

__all__ = [
    "access",
    "account",
    "basket",
    "cart",
    "desk",
    "managing",
    "menu",
    "ordering",
    "paying",
    "payments",
    "renewing",
    "services",
    "tickets",
]
