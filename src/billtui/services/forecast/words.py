"""A forecast in words: the same sentences for screens and command line."""

from __future__ import annotations

from billtui.domain.money import Money
from billtui.services.forecast.forecast import Event
from billtui.services.forecast.happenings import What
from billtui.services.store import money

SHORT: dict[What, str] = {
    What.RENEWED_INTERNAL: "renews itself",
    What.RENEWED_AFFILIATE: "renews itself",
    What.FAILED: "will not renew",
    What.ON_INVOICE: "not renewed",
    What.TOO_LATE: "not renewed",
    What.PROMISE_BROKEN: "promise ends",
    What.BLOCKED_MANUAL: "needs you",
    What.BLOCKED_UNPAID: "blocked",
    What.BLOCKED_BROKEN: "blocked",
    What.DELETED: "deleted",
    What.CANCELLED: "cancelled",
    What.INVOICE_GONE: "taken back",
    What.INVOICE_DUE: "invoice due",
    What.TRANSFER_EXPIRES: "transfer ends",
}
"""Each in a word or two."""
CODES: dict[What, str] = {what: what.name.lower().replace("_", "-") for what in What}
"""Each as a code for scripts: ``renewed-internal``, ``failed``, ``blocked-manual`` …"""


def why(event: Event, currency: str) -> str:
    """What happens and why, in a sentence without its subject."""
    what = event.what
    first = "its transfer is cancelled first (TRF-6); " if event.ends_transfer else ""
    if what == What.RENEWED_INTERNAL:
        return f"{first}auto-renewal, paid from the internal balance"
    if what == What.RENEWED_AFFILIATE:
        return f"{first}auto-renewal, paid from the affiliate balance"
    if what == What.FAILED:
        short = money(event.short_internal, currency)
        return f"{first}no balance alone holds the price; the internal one is {short} short (REN-4)"
    if what == What.ON_INVOICE:
        return f"auto-renewal skips it: invoice {event.invoice_number or event.invoice_id} still bills it (REN-4)"
    if what == What.TOO_LATE:
        return "auto-renewal was switched on less than two days before the end (REN-4)"
    if what == What.PROMISE_BROKEN:
        return "the promise ends; unpaid by then it is overdue and its orders are blocked (PRM-8)"
    if what == What.BLOCKED_MANUAL:
        return f"{first}the paid period ends and nothing renews it; the amount is for one month (ORD-2)"
    if what == What.BLOCKED_UNPAID:
        return f"{first}the paid period ends with its invoice unpaid (ORD-2)"
    if what == What.BLOCKED_BROKEN:
        return "blocked with the promise that was not kept (PRM-8)"
    if what == What.DELETED:
        return "deleted for good, seven days after the block (ORD-2)"
    if what == What.CANCELLED:
        return "never paid within seven days: cancelled (ORD-3)"
    if what == What.INVOICE_GONE:
        return "deleted with its order; other orders on it are free again (INV-12)"
    if what == What.TRANSFER_EXPIRES:
        return f"its transfer expires unless {event.waits_for} before then (TRF-3)"
    return "the invoice is to be paid by then"


def amount_of(event: Event, currency: str) -> Money | None:
    """The event's money; ``None`` where none moves or falls due."""
    return money(event.cents, currency) if event.cents else None
