"""FOSSBilling: the driver, as a client or as one of the staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from billtui.client.drivers.fossbilling.accounts import AccountCalls
from billtui.client.drivers.fossbilling.cart import CartCalls
from billtui.client.drivers.fossbilling.invoices import InvoiceCalls
from billtui.client.drivers.fossbilling.orders import OrderCalls
from billtui.client.drivers.fossbilling.pictures import REPEATABLE, Pictures
from billtui.client.drivers.fossbilling.role import Role, Ways
from billtui.client.drivers.kinds import known_options
from billtui.client.drivers.partial import PartialDriver
from billtui.client.drivers.traits import Traits
from billtui.client.errors import ConfigurationProblem
from billtui.client.pace import Pace

OPTIONS: Final[Mapping[str, str]] = {
    "role": "client (the default), or staff: the support desk, by the key or the password of an administrator",
    "pay_from_balance": "no (the default), or renewal: an order's open invoice is paid from the balance by asking for"
    " its renewal once more, which bills a further period if somebody else pays that invoice in the same moment",
}
"""What a profile may say otherwise."""

ASSUMED: Final[Mapping[str, str]] = {
    "several items in a cart": "add_item empties the cart unless it carries multiple=1; each server is an item of its"
    " own, so that it becomes an order of its own.",
    "marks of new orders": "What an item of a cart carries beside its options stays in its order's config, as answers"
    " of an order form do: new orders carry “billtui” there, by which they are known after a lost answer. Where an"
    " order tells no config, they are compared by product, period and price.",
    "a cart by API key": "A call by API key begins a session whose cart and checkout are that client's.",
    "tax": "client/invoice/get_tax_rate says what invoices add to prices; where it is not known, what the"
    " newest invoice added.",
    "filters of lists": "Invoices are found by id; where that filter is ignored, the list is gone through.",
    "amounts": "Amounts with more than two places are rounded half up, as the panel shows them.",
    "recovery": "guest/client/update_password takes hash, password and password_confirm; hash ends the mail's link.",
    "the staff's profile": "admin/profile/get says who is signed in; guest/staff/login signs in by password.",
    "tickets about an order": "ticket_create takes rel_type=order and rel_id.",
    "stock": "What the panel does not count is shown as 9,999; the cart says what can be had.",
    "sessions": "A session is taken for two hours; when it is over sooner, the panel says so.",
    "paying by a gateway": "A person pays on the panel's own page of the invoice, /invoice/ and its hash.",
    "words of refusals": "“not found” in English stands for something that is gone; panels in other languages are told"
    " as they say it.",
}

CLIENT: Final = frozenset(
    {
        "sign-in", "account", "account.password", "account.recovery", "balance.ledger", "balance.top-up", "invoices",
        "invoices.pay", "invoices.delete", "invoices.document", "orders", "orders.renew", "orders.new",
        "orders.new-promo", "catalogue",
        "tickets", "tickets.new", "tickets.reply", "tickets.change",
    }
)  # fmt: skip
STAFF: Final = frozenset(
    {
        "sign-in", "account", "tickets", "tickets.new", "tickets.reply", "tickets.change", "staff", "staff.hand-over",
        "staff.note", "staff.canned",
    }
)  # fmt: skip

FOSSBILLING: Final = Traits(
    title="FOSSBilling",
    keys=False,
    loyalty=False,
    places=False,
    auto_renewals=False,
    long_names=True,
    repeatable=REPEATABLE,
    renews_together=False,
    renewal_pays=True,
    purchase_pays=True,
    late_terms=True,
    pace=Pace(at_once=2),
    web="/",
)
"""A renewal and a checkout pay at once from the balance where it suffices. Past 1,000 requests an hour the panel sleeps
2 s before each answer: two at a time keep it usable for others, and it is slow then, not wrong."""


class FossBilling(AccountCalls, InvoiceCalls, OrderCalls, CartCalls, Pictures, Role, PartialDriver):
    """Driver for panels that run FOSSBilling 0.6."""

    name = "fossbilling"
    assumed: Mapping[str, str] = ASSUMED
    options: Mapping[str, str] = OPTIONS
    traits = FOSSBILLING

    def __init__(self, ways: Ways | None = None) -> None:
        """A client's driver unless ``ways`` say otherwise."""
        super().__init__(ways)
        self.capabilities = STAFF if self.ways.staff else CLIENT

    @classmethod
    def for_profile(cls, login: str, options: Mapping[str, str]) -> Self:
        """The driver of a profile. Raises ``ConfigurationProblem`` for options that it does not know."""
        known_options("fossbilling", options, OPTIONS)
        role, paying = options.get("role", "client"), options.get("pay_from_balance", "no")
        if role not in ("client", "staff"):
            raise ConfigurationProblem(f"role is client or staff, not {role!r}. Correct the profile.")
        if paying not in ("no", "renewal"):
            raise ConfigurationProblem(f"pay_from_balance is no or renewal, not {paying!r}. Correct the profile.")
        return cls(Ways(staff=role == "staff", pays_by_renewal=paying == "renewal"))
