"""What the solver asks of the panel: the terms of codes before, and real quotes after (reads only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from billtui.client.errors import Refused
from billtui.domain.models import PromoTerms, Quote, RenewalRequest
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.safetext import SafeText
from billtui.services.pricing import unmarkable
from billtui.services.solver.codes import code_refusal
from billtui.services.solver.explaining import amount_words
from billtui.services.solver.model import Batch
from billtui.services.store import OrderRow, cents

_WRONG_PERIOD: Final = "promo-wrong-period"
_PROBE_PERIODS: Final = (12, 6, 3, 1, 24)


class QuotesRenewals(Protocol):
    """Whoever can quote a renewal: the session. Raises ClientError."""

    async def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None = None) -> Quote:
        """What it would cost."""
        ...


@dataclass(frozen=True, slots=True)
class Probed:
    """A code that was asked about: its terms, or why it cannot be used here."""

    code: str
    terms: PromoTerms | None
    refusal: str = ""
    """The panel's own words where it refused."""
    reason: str = ""
    """The condition that failed, kebab-case."""


async def probe_codes(
    panel: QuotesRenewals,
    codes: Sequence[str],
    rows: Sequence[OrderRow],
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
) -> list[Probed]:
    """Ask for each code whether it holds for renewing ``rows`` now, and for its terms (DSC-6).

    A quote buys nothing. Raises ClientError where the panel cannot be asked; a refused code is an answer.
    """
    ids = _sample(rows, now, policy)
    wanted = dict.fromkeys(code.strip() for code in codes if code.strip())
    return [await _probe(panel, code, ids, now, policy) for code in wanted]


def _sample(rows: Sequence[OrderRow], now: datetime, policy: Policy) -> list[str]:
    """At most as many as one request takes (BLK-7), of as many plans and locations as there are."""
    by_place: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if unmarkable(row, now, policy) is None:
            by_place.setdefault((row.plan, row.location), []).append(row.id)
    found: list[str] = []
    longest = max(map(len, by_place.values()), default=0)
    for place in range(longest):
        for ids in by_place.values():
            if place < len(ids) and len(found) < policy.bulk_limit:
                found.append(ids[place])
        if len(found) >= policy.bulk_limit:
            break
    return found


async def _probe(panel: QuotesRenewals, code: str, ids: Sequence[str], now: datetime, policy: Policy) -> Probed:
    if not ids:
        return Probed(code, None, "None of the chosen orders can be renewed now.", "nothing-to-renew")
    refused: Refused | None = None
    for period in [one for one in _PROBE_PERIODS if one in policy.periods]:
        try:
            quote = await panel.quote_renewal(ids, period, code)
        except Refused as error:
            refused = refused or error
            if error.code == _WRONG_PERIOD:
                continue
            return Probed(code, None, error.message, error.code)
        if quote.promo is None:
            reason = (
                "The panel does not say what this code is for, so it cannot be planned with: renew with it by hand."
            )
            return Probed(code, None, reason, "promo-terms-unknown")
        refusal = code_refusal(quote.promo, now)
        if refusal is not None:
            return Probed(code, None, refusal.reason, refusal.code)
        return Probed(code, quote.promo)
    assert refused is not None
    return Probed(code, None, refused.message, refused.code)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A batch with its quote and the request that the quote answered."""

    batch: Batch
    request: RenewalRequest
    quote: Quote

    @property
    def difference(self) -> int:
        """Cents that the panel asks more (or fewer, negative) than the solver figured."""
        return cents(self.quote.total) - self.batch.amount


async def quote_batches(panel: QuotesRenewals, batches: Sequence[Batch]) -> list[Quoted]:
    """Real quotes for what is to be bought now. Raises ClientError, also where a code is refused meanwhile."""
    found = []
    for batch in batches:
        quote = await panel.quote_renewal(batch.order_ids, batch.months, batch.code)
        code = None if batch.code is None else SafeText(batch.code)
        request = RenewalRequest(
            order_ids=[SafeText(one) for one in batch.order_ids], period=batch.months, promo_code=code
        )
        found.append(Quoted(batch, request, quote))
    return found


def differences(currency: str, quoted: Sequence[Quoted]) -> list[str]:
    """Where the panel's quotes are not what the solver figured, in sentences; empty where every cent agrees."""
    said: list[str] = []
    for one in quoted:
        name = f"{one.batch.months} mo" + (f" with {one.batch.code}" if one.batch.code else "")
        if one.quote.excluded:
            said.append(f"{name}: the panel leaves {len(one.quote.excluded)} out ({one.quote.excluded[0].reason})")
        if one.difference:
            word = "more" if one.difference > 0 else "less"
            said.append(f"{name}: the panel asks {amount_words(abs(one.difference), currency)} {word} than was figured")
    return said
