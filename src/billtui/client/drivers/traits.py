"""How kinds of panels differ in what they do, for planner, executor and screens; what they can do are capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billtui.client.pace import UNSPARED, Pace

NO_PANEL_ID: Final = "here"
"""``Account.panel_id`` of panels that have no id of their own: the client puts the panel's address in its place."""

ENDLESS: Final = "It has no end: there is nothing to renew."
"""Why an order is not renewed whose end is the calendar's, which some panels write for what never ends."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One kind of panel's ways. The defaults are those of the Billing API v1."""

    title: str = "Billing API v1"
    """How people call it."""
    keys: bool = True
    """Whether a write carries an idempotency key by which its outcome can be asked for, and it can be sent again."""
    repeatable: frozenset[str] = frozenset()
    """Kinds of operations (``invoice.delete``, ``order.rename`` …, as in ``Act.kind``) that are the same done once or
    twice, where there are no keys. Nothing that bills, pays, orders or writes to somebody."""
    renews_together: bool = True
    """Whether one renewal can bill several orders on one invoice; else it is one request and one invoice for each."""
    buys_together: bool = True
    """Whether one order can be for several servers; else it is one request, and one invoice, for each."""
    one_basket: bool = False
    """Whether purchases wait in one basket that is paid whole: each is paid before the next begins, so several in one
    plan need a way to pay."""
    renewal_pays: bool = False
    """Whether a renewal is paid from the balance at once where that suffices."""
    purchase_pays: bool = False
    """Whether a purchase of new servers is paid from the balance at once where that suffices."""
    ways_assumed: bool = False
    """Whether that is only assumed, because nobody documents it: then it is said so before a purchase."""
    late_terms: bool = False
    """Whether an order's end moves only some time after its renewal was paid, as by a batch job of the panel."""
    places: bool = True
    """Whether it tells where servers stand; else all stand in one place, which nobody has to read."""
    auto_renewals: bool = True
    """Whether it tells which orders renew themselves."""
    long_names: bool = False
    """Whether it names orders by product and host together: lists give them more room."""
    loyalty: bool = True
    """Whether its loyalty discounts follow the rules that are known here (DSC); else none are worked out or shown."""
    reading_marks: bool = False
    """Whether reading a thread tells the panel that it was read: then only what a person opens is read."""
    taken_first: bool = False
    """Whether support answers only in tickets that it has taken: then that is said before an answer is written."""
    door: str = ""
    """The one path that every call goes to; an address of a profile that ends with it is meant without."""
    pace: Pace = UNSPARED
    """How hard it is asked."""
    secret: str = "Password"
    """What a person types when signing in, beside the login."""
    token_is_password: bool = False
    """Whether what a sign-in leaves is the password itself, to go with every call: then it is kept nowhere."""
    web: str = ""
    """Path of the page where a person does what cannot be done from here, below the panel's address."""


BILLING_V1: Final = Traits()
