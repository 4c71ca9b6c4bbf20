"""Ways to pay, and the payer without whom no payment is made (wire: BILLmanager 8.6, 9.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.assumed import Options
from billtui.client.drivers.billmanager.figures import currency_of, money
from billtui.client.drivers.billmanager.lists import Lists
from billtui.client.drivers.billmanager.memory import Memory
from billtui.client.drivers.billmanager.shapes import Doc, objects, options, plain, rows_of, unwrap, value
from billtui.client.errors import InvalidInput, Refused, RuleRefused, SessionExpired
from billtui.client.exchange import Steps
from billtui.domain.models import PaymentMethod
from billtui.domain.money import Money
from billtui.domain.numbers import is_number
from billtui.domain.safetext import SafeText

INTERNAL: Final = "internal"
"""The word for the account's balance (ACC-4)."""
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay, as the panel offers it."""

    id: str
    name: str
    balance: bool
    """Whether it is the account's balance."""
    least: str = ""
    most: str = ""
    about: str = ""

    @property
    def word(self) -> str:
        """How it is called in the program: its name and id, ``card-4``; the balance is ``internal``."""
        if self.balance:
            return INTERNAL
        name = _NOT_WORD.sub("-", self.name.lower()).strip("-")[:40]
        return f"{name or 'method'}-{self.id}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A payment form: the ways, and the currency that it is in (its id on the panel)."""

    ways: list[Way]
    currency_id: str
    doc: Doc


def in_currency(offer: Offer, currency: str) -> str:
    """The id under which the form takes amounts in ``currency``. Raises ``RuleRefused`` where it takes others only.

    Where the form does not say what its ids stand for, it is the one that it stands at.
    """
    known = {key: currency_of(unwrap(node)) for key, node in options(offer.doc, "payment_currency")}
    if known.get(offer.currency_id) in (None, currency):
        return offer.currency_id
    for key, code in known.items():
        if code == currency:
            return key
    raise RuleRefused(
        f"The panel takes this payment in {known[offer.currency_id]} only, and it is in {currency}. Nothing was paid.",
        "Pay it on the panel's own pages.",
        code="currency",
    )


class Methods(Lists):
    """Reads ways to pay."""

    def __init__(self, login: str, options: Options) -> None:
        super().__init__(login, options)
        self.memory = Memory()

    def offer(self, fields: Sequence[tuple[str, str]] = ()) -> Steps[Offer]:
        """The payment form, which changes nothing as long as it is only read. Raises ClientError."""
        doc = yield from self.fetch("payment.add.method", fields)
        return Offer(_ways(doc), value(doc, "payment_currency"), doc)

    def ways_to_pay(self) -> Steps[list[Way]]:
        """The ways to pay of the account; none where the panel does not tell."""
        try:
            return (yield from self.offer()).ways
        except SessionExpired:
            raise
        except (Refused, UnreadableAnswer):
            return []

    def payer(self, own: str = "") -> Steps[str]:
        """The payer's id: the payment's own, the option's, else the account's first. Raises ``InvalidInput``."""
        if own or self.chosen.payer:
            return own or self.chosen.payer
        doc = yield from self.fetch("profile", (("p_num", "1"), ("p_cnt", "10")))
        rows = objects(doc.get("elem"))
        if not rows or not unwrap(rows[0].get("id")):
            raise InvalidInput(
                "A payment needs a payer, and the account has none.", "Add one on the panel's own pages, then pay."
            )
        return unwrap(rows[0].get("id"))


def _ways(doc: Doc) -> list[Way]:
    inner = doc.get("doc")
    rows = rows_of(doc, "methodlist") or (rows_of(inner, "methodlist") if isinstance(inner, dict) else [])
    found: list[Way] = []
    for row in rows:
        key = unwrap(row.get("paymethod")) or unwrap(row.get("id"))
        if not is_number(key):
            continue
        balance = unwrap(row.get("paymethod_type")) == "0"
        found.append(
            Way(
                key, plain(unwrap(row.get("name"))), balance, unwrap(row.get("payment_minamount")),
                unwrap(row.get("payment_maxamount")), plain(unwrap(row.get("desc"))),
            )
        )  # fmt: skip
    return found


def as_models(ways: Sequence[Way], total: Money, balance: Money | None) -> list[PaymentMethod]:
    """The ways for people, each with the reason where it cannot pay ``total``."""
    return [_as_model(way, total, balance) for way in ways]


def _as_model(way: Way, total: Money, balance: Money | None) -> PaymentMethod:
    code, reason = "", ""
    if way.balance and balance is not None and balance.currency == total.currency and balance < total:
        code, reason = "insufficient-funds", f"The balance holds {balance}: {total - balance} is missing."
    elif not way.balance and (limit := _beyond(way, total)):
        code, reason = "amount-out-of-range", limit
    return PaymentMethod(
        method=SafeText(way.word), title=SafeText(way.name or way.word), available=not code,
        code=SafeText(code) if code else None, reason=SafeText(reason) if reason else None,
    )  # fmt: skip


def _beyond(way: Way, total: Money) -> str:
    """Why the amount is not within a way's bounds, where these are in the same currency."""
    for text, below in ((way.least, True), (way.most, False)):
        try:
            bound = money(text, total.currency) if text else None
        except UnreadableAnswer:
            bound = None
        if bound is None or bound.currency != total.currency or not bound.amount:
            continue
        if below and total < bound:
            return f"It takes at least {bound}."
        if not below and bound < total:
            return f"It takes at most {bound}."
    return ""
