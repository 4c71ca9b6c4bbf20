"""What one client learned of its panel: it answers in 5 to 10 seconds, so nothing is asked twice for one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from billtui.client.drivers.rootpanel import reading
from billtui.client.drivers.rootpanel.assumed import Assumed
from billtui.client.drivers.rootpanel.calling import command
from billtui.client.drivers.rootpanel.reading import OrderReader, Tarif
from billtui.client.drivers.rootpanel.shapes import KEY, Row, field, rows_of, text_of
from billtui.client.errors import ClientError, ConfigurationProblem, NotFound, Refused, RuleRefused
from billtui.client.exchange import Steps, ask
from billtui.domain.models import Order
from billtui.domain.money import Money

_MOST_PRICES: Final = 200


class Memory:
    """Reads, and what they said last. It is one client's, which is one account's."""

    def __init__(self, assumed: Assumed) -> None:
        """Nothing is known yet."""
        self._assumed = assumed
        self._balance: Money | None = None
        self._ids: frozenset[str] | None = None
        self._prices: dict[str, Mapping[str, Any]] = {}
        self._several: set[str] = set()

    # The balance

    def balance(self) -> Steps[Money]:
        """``getBalance``: any error of it is one of the key, since nothing else is asked for."""
        bad_keys = ("*",) if not self._assumed.is_said("bad_key_codes") else self._assumed.names("bad_key_codes")
        self._balance = yield from ask(command("getBalance", reading.balance, "account", bad_keys=bad_keys))
        return self._balance

    def known_balance(self) -> Steps[Money]:
        """The balance as it was last read, for a step that has just looked."""
        if self._balance is not None:
            return self._balance
        return (yield from self.balance())

    def currency(self) -> Steps[str]:
        """The currency of the balance."""
        return (yield from self.known_balance()).currency

    # Orders

    def orders(self) -> Steps[list[Order]]:
        """``getOrders``: every one."""
        currency = yield from self.currency()
        answer = yield from ask(self._get(()))
        found = self._read(answer, currency)
        self._ids = frozenset(one.id.raw for one in found)
        return found

    def known_ids(self) -> Steps[frozenset[str]]:
        """The ids of all orders as they were last read."""
        if self._ids is None:
            yield from self.orders()
        return self._ids or frozenset()

    def order(self, order_id: str) -> Steps[Order]:
        """``getOrders`` with ``orderid``. Raises NotFound where the whole list does not have it either."""
        wanted = order_id.partition("#")[0]
        try:
            answer = yield from ask(self._get((("orderid", wanted),)))
        except Refused as error:
            if any(one.id.raw == order_id for one in (yield from self.orders())):
                raise error from None
            raise NotFound(f"There is no order {order_id[:40]} any more.", "Refresh the list.") from None
        found = self._read(answer, (yield from self.currency()))
        same = next((one for one in found if one.id.raw == order_id), None)
        if same is not None:
            return same
        whole = yield from self.orders()
        same = next((one for one in whole if one.id.raw == order_id), None)
        if same is not None:
            return same
        raise NotFound(f"There is no order {order_id[:40]} any more.", "Refresh the list.")

    def rows(self, order_ids: Sequence[str]) -> Steps[dict[str, Row]]:
        """The rows of orders as they came: of one by itself, of several from the whole list."""
        one = (("orderid", order_ids[0].partition("#")[0]),) if len(order_ids) == 1 else ()
        try:
            answer = yield from ask(self._get(one))
        except Refused:
            if not one:
                raise
            answer = yield from ask(self._get(()))
        names = self._assumed.names("order_id")
        found: dict[str, Row] = {}
        self._read(answer, (yield from self.currency()))
        for row in rows_of(answer, reading.marks_of_orders(self._assumed)):
            told = field(row, names)
            found.setdefault(text_of(told[1]) if told is not None else text_of(row.get(KEY)), row)
        return {order_id: found[order_id] for order_id in order_ids if order_id in found}

    def _read(self, answer: Row, currency: str) -> list[Order]:
        found = OrderReader(self._assumed, currency).orders(answer)
        self._several |= {one.id.raw.partition("#")[0] for one in found if "#" in one.id.raw}
        return found

    def not_one(self, order_id: str) -> str | None:
        """Why a command cannot be about this order alone; ``None`` where it can."""
        if reading.is_row(order_id):
            return "The gateway tells no id of this order."
        if order_id.partition("#")[0] in self._several:
            return "The gateway lists several services with this id."
        return None

    def check_one(self, order_id: str) -> None:
        """Raises :class:`RuleRefused` where a command cannot be about this order alone."""
        if (why := self.not_one(order_id)) is not None:
            raise RuleRefused(f"{why} Nothing was sent.", "Use the panel's own web pages.", code="not-one")

    def _get(self, fields: tuple[tuple[str, str], ...]) -> Any:
        return command("getOrders", lambda row: row, "orders", fields=fields)

    # What is sold

    def tarifs(self) -> Steps[list[Tarif]]:
        """``getTarifs`` of every kind. One that the panel does not sell is left out; where none answers, it raises."""
        currency = yield from self.currency()
        found: list[Tarif] = []
        refused: ClientError | None = None
        answered = False
        for kind in self._assumed.names("kinds"):
            try:
                row = yield from ask(command("getTarifs", lambda row: row, "catalogue", fields=(("vid", kind),)))
            except Refused as error:
                refused = error
                continue
            answered = True
            found += reading.tarifs(self._assumed, kind, row, currency)
        if not answered and refused is not None:
            raise refused
        return found

    # Prices that were shown

    def keep(self, quote_id: str, content: Mapping[str, Any]) -> None:
        """Keep what a price was asked for."""
        while len(self._prices) >= _MOST_PRICES:
            del self._prices[next(iter(self._prices))]
        self._prices[quote_id] = content

    def kept(self, quote_id: str) -> Mapping[str, Any]:
        """What a price was asked for. Raises ``ConfigurationProblem`` for one that nobody showed here."""
        found = self._prices.get(quote_id)
        if found is None:
            raise ConfigurationProblem("This price is not known any more. Nothing was sent; ask for it again.")
        return found
