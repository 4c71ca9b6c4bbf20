"""The driver for BILLmanager 5 and 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from billtui.client.drivers.billmanager.assumed import ASSUMED, OPTIONS, Options
from billtui.client.drivers.billmanager.settling import REPEATABLE, SettlingCalls
from billtui.client.drivers.partial import PartialDriver
from billtui.client.drivers.traits import Traits
from billtui.client.pace import Pace

TRAITS: Final = Traits(
    title="BILLmanager",
    keys=False,
    loyalty=False,
    repeatable=REPEATABLE,
    renews_together=True,
    one_basket=True,
    renewal_pays=False,
    purchase_pays=False,
    reading_marks=True,
    taken_first=True,
    pace=Pace(at_once=2),
    web="billmgr",
    door="/billmgr",
)
CLIENT: Final = frozenset(
    {
        "sign-in",
        "account",
        "account.password",
        "account.recovery",
        "orders",
        "catalogue",
        "orders.new",
        "orders.new-promo",
        "orders.renew",
        "orders.rename",
        "orders.auto-renew",
        "orders.power",
        "invoices",
        "invoices.pay",
        "invoices.delete",
        "invoices.document",
        "balance.top-up",
        "balance.ledger",
        "tickets",
        "tickets.new",
        "tickets.reply",
        "tickets.change",
        "tickets.files",
        "tickets.rate",
    }
)
STAFF: Final = frozenset({"staff", "staff.take", "staff.note"})
OF_STAFF: Final = STAFF | {"sign-in", "account", "account.password", "tickets", "tickets.reply", "tickets.files"}
"""What a user of the provider's staff has."""


class BillManager(SettlingCalls, PartialDriver):
    """Driver for panels of ISPsystem's BILLmanager.

    Combining, splitting and promising invoices, handing services over, priorities of tickets and canned replies have no
    call that is publicly known: they are missing here rather than guessed.
    """

    name = "billmanager"
    capabilities = CLIENT | STAFF
    assumed: Mapping[str, str] = ASSUMED
    options: Mapping[str, str] = OPTIONS
    traits = TRAITS

    def __init__(self, login: str = "", options: Options | None = None) -> None:
        """``login`` is the profile's: it goes with each call where the option ``sign_in`` is ``authinfo``."""
        super().__init__(login, options or Options())
        self.traits = replace(TRAITS, door=self.chosen.path, token_is_password=self.chosen.authinfo)
        if self.chosen.authinfo:
            self.capabilities = self.capabilities - {"tickets.files"}

    @classmethod
    def for_profile(cls, login: str, options: Mapping[str, str]) -> BillManager:
        """The driver as a profile wants it. Raises ``ConfigurationProblem``."""
        return cls(login, Options.of(options))

    def allowed(self) -> frozenset[str]:
        """A client has what clients have, staff what staff has."""
        return self.capabilities & (OF_STAFF if self.memory.staff else CLIENT)
