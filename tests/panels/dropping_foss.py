"""FOSSBilling in the runs over lines that are cut: the stand-in panel, and its books."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Self

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers.fossbilling.driver import FossBilling
from billtui.client.drivers.fossbilling.reading import PLACE
from billtui.domain.models import OrderCell
from billtui.domain.safetext import SafeText
from tests.panels.fossbilling_panel import Fault, FossPanel

RICH = "1000000.00"
KINDS = ("drop-after", "drop-after", "drop-after", "html", "drop-before", "error")


class Foss:
    """See :class:`tests.support.dropping.Case`."""

    name = "fossbilling"
    period = 1

    def __init__(self) -> None:
        self.panel = FossPanel(RICH)

    def __enter__(self) -> Self:
        self.panel.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.panel.stop()

    def client(self) -> BillingClient:
        settings = ConnectionSettings(self.panel.url, read_deadline=2.0, write_deadline=1.0, tries=2, retry_base=0.005)
        return BillingClient(settings, SecretStr(self.panel.api_key), driver=FossBilling())

    def orders(self, count: int) -> list[str]:
        with self.panel.lock:
            return [str(self.panel.books.add_order()) for _ in range(count)]

    def cells(self, rng: random.Random) -> list[OrderCell]:
        products = rng.sample(("2", "3"), rng.randint(1, 2))
        return [OrderCell(plan=SafeText(one), location=SafeText(PLACE), quantity=rng.randint(1, 2)) for one in products]

    def cut(self, rng: random.Random, what: str) -> None:
        calls = {
            "renew": "client/invoice/renewal_invoice",
            "order": "client/cart/checkout",
            "pay": "client/invoice/get_list",
        }
        with self.panel.lock:
            skip = rng.randint(0, 2) if what == "pay" else 0
            self.panel.faults.append(Fault(calls[what], rng.choice(KINDS), skip=skip))
            if rng.random() < 0.2:  # the balance is spent elsewhere meanwhile: it is billed, and stays unpaid
                self.panel.books.balance = Decimal(0)

    def mend(self) -> None:
        with self.panel.lock:
            self.panel.faults.clear()
            self.panel.books.balance = Decimal(RICH)
            if self.panel.books.next_id("message") % 3 == 0:
                self.panel.books.run_batch()

    def tidy(self) -> None:
        """Nothing is in the way."""

    def renewed(self, order_id: str) -> int:
        return len(self.panel.renewals(int(order_id)))

    def bought(self) -> int:
        with self.panel.lock:
            invoices = self.panel.books.invoices.values()
            return sum(line.quantity for one in invoices for line in one.lines if line.task == "activate")

    def spent(self) -> Decimal:
        with self.panel.lock:
            return -sum((one.amount for one in self.panel.books.ledger if one.amount < 0), Decimal(0))

    def paid_twice(self) -> list[str]:
        with self.panel.lock:
            paid = [one.invoice for one in self.panel.books.ledger if one.amount < 0]
        return sorted({str(one) for one in paid if paid.count(one) > 1})
