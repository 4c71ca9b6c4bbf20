"""What all calls of this driver know: as whom it speaks, and what its profile says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.fossbilling.calling import Place, call, listing, signing
from billtui.client.drivers.fossbilling.values import Row, decimal_of
from billtui.client.errors import CapabilityMissing
from billtui.client.exchange import Exchange, Steps, ask

MOST_TAX: Final = 100
"""Per cent."""


@dataclass(frozen=True, slots=True)
class Ways:
    """A profile's ``panel_options``."""

    staff: bool = False
    pays_by_renewal: bool = False
    """Whether an order's open invoice is paid from the balance by the renewal call."""


class Role:
    """The part of the driver that its calls share."""

    capabilities: frozenset[str]

    def __init__(self, ways: Ways | None = None) -> None:
        """A client's driver unless ``ways`` say otherwise."""
        self.ways = ways or Ways()

    @property
    def user(self) -> str:
        """``client`` or ``admin``: the role of the calls, and the user of HTTP Basic."""
        return "admin" if self.ways.staff else "client"

    def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
        """An API key by HTTP Basic, a session by its cookie. Raises ``ConfigurationProblem``."""
        return signing(exchange, self.user, token)


def tax_rate() -> Steps[Decimal]:
    """Per cent that invoices add to the prices of this account; where the panel does not know the question, what the
    newest one added."""
    rate: Any
    try:
        rate = yield from ask(call("client/invoice/get_tax_rate", lambda result: result))
    except CapabilityMissing:
        page = yield from ask(listing("client/invoice/get_list", lambda row: row, Place(), 20))
        newest = max(page.items, key=lambda row: int(row.id()), default=None)
        rate = None if newest is None else newest.any("taxrate")
    found = decimal_of(0 if rate in (None, "", False) else rate, "tax rate")
    if not 0 <= found <= MOST_TAX:
        raise UnreadableAnswer("the tax rate is out of all bounds")
    return found


def one_row(result: Any) -> Row:
    """A result that is one object."""
    return Row(result, "result")
