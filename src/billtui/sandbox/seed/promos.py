"""Promo codes of every sort, and the mail that tells the first client of them (DSC-6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from billtui.domain.rules.facts import format_when
from billtui.sandbox import mail
from billtui.sandbox.engine.shopkeeping import PromoCode, set_promo_code
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of

_DAY = timedelta(days=1)


def codes(now: datetime) -> list[tuple[PromoCode, str]]:
    """Each code with what is said of it; ``now`` is when the panel is sown."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    over, coming = day - 30 * _DAY, day + 20 * _DAY
    return [
        (PromoCode("WELCOME15", Decimal(15), once_per_account=True), "15 % on new servers, once for each account"),
        (PromoCode("LASTCALL30", Decimal(30), max_uses=1), "30 % on new servers, for the first who orders with it"),
        (PromoCode("EARLY20", Decimal(20), max_uses=100, used_before=97), "20 % on new servers, for 100 purchases"),
        (
            PromoCode("FLEET25", Decimal(25), plans=("vds-micro", "vds-small"), min_quantity=10),
            "25 % from 10 servers of VDS micro or VDS small in one purchase",
        ),
        (
            PromoCode("NORTH12", Decimal(12), locations=("se", "de", "pl")),
            "12 % on new servers in Stockholm, Frankfurt and Warsaw",
        ),
        (
            PromoCode("EPYC10", Decimal(10), plans=("ds-epyc",), ends_at=day + 60 * _DAY),
            f"10 % on Dedicated EPYC until {format_when(day + 60 * _DAY)}",
        ),
        (
            PromoCode("YEAR20", Decimal(20), periods=(12, 24), renewals=True),
            "20 % on 12 and 24 months, for new servers and for renewals",
        ),
        (PromoCode("STAY10", Decimal(10), renewals=True), "10 % on new servers and on renewals"),
        (PromoCode("SUMMER25", Decimal(25), ends_at=over), f"25 %, until {format_when(over)}"),
        (PromoCode("WINTER30", Decimal(30), starts_at=coming), f"30 % on new servers, from {format_when(coming)} on"),
        (PromoCode("SOLDOUT50", Decimal(50), max_uses=3, used_before=3), "50 %, for 3 purchases (all three are made)"),
    ]


def sow_codes(tx: Tx) -> None:
    """Put the codes into the tables."""
    for code, _ in codes(tx.now):
        set_promo_code(tx, code)


def tell(tx: Tx, account_id: int) -> None:
    """Write of them to a client."""
    lines = [f"{code.code}: {words}." for code, words in codes(instant_of(tx.at))]
    body = "These promo codes are around:\n" + "\n".join(lines)
    mail.send(tx, account_id, "promo-codes", "Promo codes for new servers and renewals", body)
