"""What panels can do, by name: one table for drivers, client, commands, verbs, screens and docs/panels.md.

A driver names exactly what it can (``Driver.capabilities``). A panel that speaks the Billing API v1 names the account's
own on the wire, some of them coarsely: ``tickets`` there grants every ``tickets.…``, ``staff`` every ``staff.…``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from billtui.client.drivers import Driver


class Capability(NamedTuple):
    """One thing that a panel can do, or cannot."""

    words: str
    """What a person does, so that "This panel cannot … from here" is a sentence."""
    group: str
    """Under which heading it stands."""


def _group(name: str, **words: str) -> dict[str, Capability]:
    return {key.replace("__", ".").replace("_", "-"): Capability(text, name) for key, text in words.items()}


CAPABILITIES: Final[Mapping[str, Capability]] = {
    **_group(
        "Signing in and the account",
        sign_in="sign in",
        account="show the account",
        account__sessions="list sessions and end them",
        account__notifications="change notifications",
        account__password="change the password",
        account__totp="set up the second factor",
        account__api_keys="manage API keys",
        account__recovery="recover a forgotten password",
    ),
    **_group(
        "Orders",
        orders="list orders",
        catalogue="list what is sold",
        orders__new="order new servers",
        orders__new_promo="take a promo code with new servers",
        orders__renew="renew orders",
        orders__renew_promo="take a promo code with renewals",
        orders__addons="add to a server",
        orders__change_plan="change a server's plan",
        orders__rename="rename orders",
        orders__auto_renew="switch auto-renewal",
        orders__power="start, stop, suspend or reinstall servers",
        transfers="hand servers over to another account",
    ),
    **_group(
        "Invoices and money",
        invoices="list invoices",
        invoices__pay="pay invoices",
        invoices__promise="promise to pay",
        invoices__combine="combine invoices",
        invoices__split="split invoices",
        invoices__delete="delete invoices",
        invoices__document="save invoices as documents",
        balance__top_up="top up the balance",
        balance__move="move affiliate money",
        balance__ledger="list movements of money",
    ),
    **_group(
        "Tickets",
        tickets="list and read tickets",
        tickets__new="open tickets",
        tickets__reply="answer in tickets",
        tickets__change="close or reopen tickets",
        tickets__files="attach files to tickets",
        tickets__access="give server access in tickets",
        tickets__rate="rate support",
        tickets__search="list the messages of all tickets",
    ),
    **_group(
        "Support staff",
        staff="work on the queue of support",
        staff__take="take tickets",
        staff__assign="assign tickets to others",
        staff__hand_over="hand tickets over to another department",
        staff__hold="put tickets on hold",
        staff__priority="set the priority of tickets",
        staff__tag="tag tickets",
        staff__note="write internal notes",
        staff__merge="merge and split tickets",
        staff__access="read server access",
        staff__bulk="change many tickets at once",
        staff__canned="read canned replies",
        staff__canned_write="write canned replies",
        staff__presence="see who else looks at a ticket",
        staff__summary="sum up a shift",
    ),
    **_group(
        "Between the programs",
        changes="tell what changed",
        operations="tell what became of a write",
        sandbox__mail="show the mails of the sandbox",
    ),
}
"""Name → what it is, in the order in which people read them."""

EVERY: Final = frozenset(CAPABILITIES)
COARSE: Final = ("tickets", "staff")
"""Names that stand for all that are below them where an account's own are told, and none of those is told itself."""
FOR_ALL: Final = frozenset(
    {
        "sign-in",
        "account",
        "account.sessions",
        "orders",
        "catalogue",
        "invoices",
        "orders.new-promo",
        "orders.renew-promo",
    }
)
"""Never told of an account: the driver alone decides."""
NO_WAY_ROUND: Final = frozenset({"sign-in", "changes", "operations", "sandbox.mail", "staff.presence"})
"""What a panel's web pages do not give instead."""


def below(*coarse: str) -> frozenset[str]:
    """Each of these names, and all names below it: ``below("tickets")`` has ``tickets.reply``."""
    return frozenset(name for name in CAPABILITIES for top in coarse if name == top or name.startswith(f"{top}."))


def words_of(name: str) -> str:
    """What a person does with it."""
    known = CAPABILITIES.get(name)
    return known.words if known is not None else "do that"


def narrowed(driver: frozenset[str], account: Iterable[str] | None) -> frozenset[str]:
    """What the driver can, as far as the account may. ``None``: nobody said what it may.

    Where ``account`` itself is named, which no panel tells, it was the driver that worked the list out: it is exact.
    """
    if account is None:
        return driver
    told = frozenset(account)
    if "account" in told:
        return driver & told
    whole = [top for top in COARSE if top in told and below(top) & told == {top}]
    return driver & (told | FOR_ALL | below(*whole))


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be done with one panel and account, and how the rest is refused."""

    can: frozenset[str]
    kind_can: frozenset[str]
    """What this kind of panel can at all."""
    title: str = ""
    """How people call the kind, where that says something."""
    web: str = ""
    """Address of the page where a person does what cannot be done from here."""

    @classmethod
    def of(cls, driver: Driver, url: str, account: Iterable[str] | None) -> Limits:
        """The limits of ``driver`` at ``url`` for an account with these capabilities (``None``: not told)."""
        usual = driver.traits.keys
        web = web_address(url, driver.traits.web)
        can = narrowed(driver.capabilities, account)
        return cls(can, driver.capabilities, "" if usual else driver.traits.title, web)

    @classmethod
    def usual(cls, account: Iterable[str] | None) -> Limits:
        """The same for the Billing API v1, whose driver need not be loaded for it."""
        return cls(narrowed(EVERY, account), EVERY)

    def refusal(self, name: str) -> str | None:
        """Why ``name`` cannot be used, and what to do instead; ``None`` if it can."""
        if name in self.can:
            return None
        what = words_of(name)
        if name in self.kind_can:
            why = self._instead(name, "The panel's own web pages say why.")
            return f"This account may not {what} ({name}).{why}"
        panel = f"This panel ({self.title})" if self.title else "This panel"
        instead = self._instead(name, "Use the panel's own web pages.")
        return f"{panel} cannot {what} from here ({name}).{instead}"

    def _instead(self, name: str, otherwise: str) -> str:
        if name in NO_WAY_ROUND:
            return ""
        return f" Use its web page: {self.web}" if self.web else f" {otherwise}"


def web_address(url: str, page: str) -> str:
    """The address of a panel's page for people: ``page`` in the folder of ``url``; empty where none is known.

    An address may name the interface's own script (``…/my/apih.php``, ``…/billmgr``): the page lies beside it.
    """
    if not page:
        return ""
    base, page = url.rstrip("/"), page.lstrip("/")
    head, _, last = base.rpartition("/")
    if last.lower().endswith(".php") or (last and last == page.partition("?")[0]):
        base = head
    return f"{base}/{page}"
