"""What BILLmanager's documents leave open, what the driver assumes, and which option of a profile says otherwise.

Every assumption of the driver is in :data:`ASSUMED`, and nowhere else; each that can be another at a provider is an
option of the profile (``panel_options``), read by :class:`Options`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from billtui.client.drivers.kinds import known_options
from billtui.client.errors import ConfigurationProblem
from billtui.domain.models import InvoiceState, OrderState

ASSUMED: Final[Mapping[str, str]] = {
    "currency": "An amount without a currency is in the account's; “$” is US dollars. Option currency.",
    "time": "Dates and times are in UTC, a date means its beginning. Option utc_offset, as +03:00.",
    "sorting": "Lists are asked for in the order of their ids (p_col=+id). Option sort_by, empty for the panel's own.",
    "filters": "A list's remembered filter is emptied by <list>.filter with sok=ok and empty fields, and with filter=on"
    " one row is asked for by its id; where a panel does not follow, the whole list is read.",
    "item types": "Services are in the lists that func=menu names under mainmenuservice. Option item_types: vds,dedic.",
    "states of services": "1 ordered, 2 active, 3 suspended (by staff or for abuse: blocked), 4 deleted, 5 in progress,"
    " 0 cancelled. Option order_states, as 3=active,4=suspended.",
    "states of payments": "1 new, 2 in progress, 3 promised, 4 credited (paid), 5 awaiting refund, 6 refunded, 7 held"
    " for fraud, 8 initiated, 9 cancelled, 100 being deleted. Option payment_states, as 2=paid.",
    "price of a renewal": "The renewal form's price where it shows one, else the service's price a month times the"
    " months. What the basket then says is held against it before anything is paid.",
    "price a month": "item_cost is for the period that stands in cost; a day's price times 30. Periods are read in"
    " English and in Russian; a price for a period in other words is taken for a month's.",
    "basket": "Renewals and new servers go into the basket (clicked_button=basket), shown as an unpaid invoice;"
    " an order that already has a payment shows as that payment.",
    "paying from the balance": "payment.add.method with clicked_button=fromsubaccount and the method of type 0.",
    "payer": "The payment's own payer, else the account's first one. Option payer, an id.",
    "ordering": "The new order form (v2) where it answers, else the old one (v1). Option ordering, v1 or v2.",
    "number of servers": "order_count takes at most 35 in one request. Option order_cap.",
    "operating system": "The form's own choice, else its first. Option os_template.",
    "words of tickets": "“In archive” is closed, “New replies” and “Waiting to reply” are answered, others support's.",
    "direction of messages": "incoming is written by the client and outcoming by support, in both views.",
    "closing a ticket": "A client closes by moving to the archive; a reply takes it out again.",
    "levels": "16 and below is a client, 28 and 29 support, above that an administrator.",
    "signing out": "func=logon ends a session. Option sign_out_func.",
    "long requests": "The address in the snippet is asked again, with longer and longer pauses, for about two minutes.",
    "another path": "The address may end with /billmgr or not. For another path write it whole into option path.",
}

_DEFAULT_ORDERS: Final = {
    "0": OrderState.CANCELLED.value,
    "1": OrderState.PENDING.value,
    "2": OrderState.ACTIVE.value,
    "3": OrderState.SUSPENDED.value,
    "4": OrderState.DELETED.value,
}
_DEFAULT_PAYMENTS: Final = {
    "1": InvoiceState.UNPAID.value,
    "2": "payment in progress",
    "3": InvoiceState.PROMISED.value,
    "4": InvoiceState.PAID.value,
    "5": "awaiting refund",
    "6": InvoiceState.REFUNDED.value,
    "7": "held for fraud",
    "8": "payment initiated",
    "9": InvoiceState.DELETED.value,
    "100": InvoiceState.DELETED.value,
}
OPTIONS: Final[Mapping[str, str]] = {
    "sign_in": "“authinfo”: login and password go with every call; no second factor then, no files",
    "currency": "of amounts that tell none, as EUR",
    "utc_offset": "of this panel's dates, as +03:00",
    "sort_by": "sorting of lists, as +id; empty for the panel's own",
    "item_types": "lists of services, with commas",
    "order_states": "codes with other meanings, as 3=active,4=suspended",
    "payment_states": "codes with other meanings, as 2=paid",
    "payer": "id of the payer",
    "ordering": "“v1” or “v2”: which order form is used",
    "order_cap": "most servers of one request to the order form",
    "os_template": "operating system of new servers",
    "sign_out_func": "how a session is ended",
    "path": "another path than /billmgr",
    "lang": "language of the answers, en or ru: other words than of periods are only shown",
}
"""Option of a profile → what it says."""
_FUNC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_LIST_OF_FUNCS = re.compile(r"[a-z0-9_.]+(,[a-z0-9_.]+)*\Z")
_OFFSET = re.compile(r"([+-])([01][0-9]):([0-5][0-9])\Z")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+\Z")


@dataclass(frozen=True, slots=True)
class Options:
    """A profile's ``panel_options`` for this kind. The defaults are what :data:`ASSUMED` says."""

    authinfo: bool = False
    """Every call carries login and password (option ``sign_in=authinfo``) instead of a session's id."""
    currency: str = ""
    offset: timedelta = timedelta(0)
    sort_by: str = "+id"
    item_types: tuple[str, ...] = ()
    order_states: Mapping[str, str] = field(default_factory=lambda: _DEFAULT_ORDERS)
    payment_states: Mapping[str, str] = field(default_factory=lambda: _DEFAULT_PAYMENTS)
    payer: str = ""
    ordering: str = ""
    order_cap: int = 35
    os_template: str = ""
    sign_out_func: str = "logon"
    path: str = "/billmgr"
    lang: str = "en"

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Options:
        """What a profile says. Raises :class:`ConfigurationProblem` for an option or a value that is not known."""
        known_options("billmanager", given, OPTIONS)
        return cls(
            authinfo=_choice(given, "sign_in", ("session", "authinfo")) == "authinfo",
            currency=_fits(given, "currency", re.compile(r"[A-Z]{3}\Z"), ""),
            offset=_offset(given),
            sort_by=_fits(given, "sort_by", re.compile(r"([+-][a-z_]+)?\Z"), "+id"),
            item_types=tuple(filter(None, _fits(given, "item_types", _LIST_OF_FUNCS, "").split(","))),
            order_states=_DEFAULT_ORDERS | _states(given, "order_states"),
            payment_states=_DEFAULT_PAYMENTS | _states(given, "payment_states"),
            payer=_fits(given, "payer", re.compile(r"[0-9]{1,18}\Z"), ""),
            ordering=_choice(given, "ordering", ("", "v1", "v2")),
            order_cap=int(_fits(given, "order_cap", re.compile(r"[1-9][0-9]{0,3}\Z"), "35")),
            os_template=given.get("os_template", ""),
            sign_out_func=_fits(given, "sign_out_func", _FUNC, "logon"),
            path=_fits(given, "path", _PATH, "/billmgr"),
            lang=_fits(given, "lang", re.compile(r"[a-z]{2}\Z"), "en"),
        )


def _wrong(name: str, example: str) -> ConfigurationProblem:
    return ConfigurationProblem(f"The option {name} of this profile cannot be that. Write it like {example}.")


def _fits(given: Mapping[str, str], name: str, pattern: re.Pattern[str], default: str) -> str:
    text = given.get(name, default)
    if name in given and not pattern.match(text):
        raise _wrong(name, default or "in docs/billmanager.md")
    return text


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = given.get(name, choices[0])
    if text not in choices:
        raise _wrong(name, " or ".join(filter(None, choices)))
    return text


def _offset(given: Mapping[str, str]) -> timedelta:
    found = _OFFSET.match(given.get("utc_offset", "+00:00"))
    if found is None:
        raise _wrong("utc_offset", "+03:00")
    span = timedelta(hours=int(found.group(2)), minutes=int(found.group(3)))
    return -span if found.group(1) == "-" else span


def _states(given: Mapping[str, str], name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, given.get(name, "").split(",")):
        code, sign, word = part.strip().partition("=")
        if not sign or not code.isdigit() or not word.strip():
            raise _wrong(name, "3=active,4=suspended")
        pairs[code] = word.strip()
    return pairs
