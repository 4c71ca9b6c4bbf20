"""What nobody documents about this gateway, in one table: the assumption, and the option that says otherwise.

Wire: RootPanel. Documented or seen are: the fields of a request, the nine commands, ``status``, ``errorCode`` 5,
``errorMsg``, and the answer of ``getBalance``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from billtui.client.drivers.kinds import known_options
from billtui.client.errors import ConfigurationProblem


class Assumption(NamedTuple):
    """One thing that is assumed."""

    topic: str
    words: str
    """What is assumed where the option says nothing."""
    default: str
    choices: tuple[str, ...] = ()
    """What the option may say; empty: any text."""


def _fields(topic: str, names: str) -> Assumption:
    return Assumption(topic, f"the first of these fields that a row has: {names}", names)


ASSUMPTIONS: Final[Mapping[str, Assumption]] = {
    "renewal": Assumption(
        "what a renewal does", "debit: renewOrder takes the price from the balance at once (invoice: it issues one,"
        " which only the web pages show)", "debit", ("debit", "invoice"),
    ),
    "purchase": Assumption(
        "what an order does", "debit: createOrder takes the price from the balance at once (invoice: it issues one)",
        "debit", ("debit", "invoice"),
    ),
    "price": Assumption(
        "what renewing costs", "monthly: the order's price times the months, unless it lists prices by months"
        " (listed: only what is listed by months; other periods cannot be bought)", "monthly", ("monthly", "listed"),
    ),
    "paid_until": Assumption(
        "the hour of todate", "begin: paid until the beginning of that day in UTC (end: until its end)", "begin",
        ("begin", "end"),
    ),
    "currency": Assumption("currency of prices", "the balance's, where a row names none", ""),
    "kinds": Assumption("kinds that are sold", "vds, dedicated, hosting", "vds,dedicated,hosting"),
    "states": Assumption(
        "words for states", "active, suspended, blocked, pending, deleted, cancelled and their plain relatives are"
        " known; others are shown as they are", "",
    ),
    "without_state": Assumption("a row without a state", "it is active", "active"),
    "bad_key_codes": Assumption(
        "errorCode of a wrong key", "any error of getBalance, which asks for nothing but the key; of the other commands"
        " none but 5", "",
    ),
    "command_start": Assumption("command for power on", "there is none", ""),
    "command_stop": Assumption("command for power off", "there is none", ""),
    "command_reset": Assumption("command for a reset", "there is none", ""),
    "command_reboot": Assumption("command for a reboot", "restartOrder", "restartOrder"),
    "order_id": _fields("id of an order", "orderid,order_id,id"),
    "order_name": _fields("name of an order", "domain,name,hostname"),
    "order_kind": _fields("kind of an order", "vid,type"),
    "order_plan": _fields("tariff of an order", "tarif,tariff,tarifname,tarifid,plan"),
    "order_location": _fields("where an order stands", "location,datacenter,country"),
    "order_address": _fields("address of an order", "ip,ipaddress,mainip"),
    "order_state": _fields("state of an order", "status,state"),
    "order_power": _fields("power of an order", "power"),
    "order_from": _fields("since when an order runs", "startdate,start,created"),
    "order_until": _fields("until when an order is paid", "todate,enddate,expiredate"),
    "order_price": _fields("price of an order", "price,cost,amount"),
    "order_prices": _fields("prices of an order by months", "prices"),
    "order_currency": _fields("currency of an order", "currency"),
    "order_auto": _fields("months of auto-renewal, 0 for off", "autoprolong"),
    "tarif_id": _fields("id of a tariff", "tarifid,tarif_id,id"),
    "tarif_name": _fields("name of a tariff", "name,tarif,title"),
    "tarif_price": _fields("price of a tariff", "price,cost,amount"),
    "tarif_prices": _fields("prices of a tariff by months", "prices"),
    "tarif_period": _fields("months that a tariff's price is for; 1 where none is named", "period,months"),
    "tarif_currency": _fields("currency of a tariff", "currency"),
    "tarif_cpu": _fields("processors of a tariff", "cpu,cores"),
    "tarif_memory": _fields("memory of a tariff, in MiB", "memory,ram"),
    "tarif_disk": _fields("disk of a tariff, in GiB", "disk,hdd,ssd"),
    "tarif_stock": _fields("how many of a tariff can be had; as many as wanted where nothing is told", "available"),
    "new_order": _fields("id of the order that createOrder answers", "orderid,order_id,id"),
    "paid_price": _fields("price that createOrder and renewOrder answer", "price,cost,amount"),
}  # fmt: skip
"""Option → what is assumed without it."""

OPTIONS: Final[Mapping[str, str]] = {name: one.topic for name, one in ASSUMPTIONS.items()}
ASSUMED: Final[Mapping[str, str]] = {
    **{f"{one.topic} (option {name})": one.words for name, one in ASSUMPTIONS.items()},
    "lists": "they stand under any key, as a list or as an object of objects; no row is dropped, and fields that are"
    " not understood are shown with the order.",
    "sign-in": "the API key stands for the password; there is no session.",
}
"""For people: topic → assumption."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """The assumptions of one profile."""

    said: Mapping[str, str]
    """What its options say."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Assumed:
        """Raises ``ConfigurationProblem`` for an option that there is not, or a value that it cannot have."""
        known_options("rootpanel", options, OPTIONS)
        for name, text in options.items():
            choices = ASSUMPTIONS[name].choices
            if choices and text not in choices:
                raise ConfigurationProblem(f"The option {name} is one of: {', '.join(choices)}.")
        return cls(dict(options))

    def text(self, name: str) -> str:
        """What holds for ``name``."""
        return self.said.get(name, ASSUMPTIONS[name].default).strip()

    def is_said(self, name: str) -> bool:
        """Whether somebody who knows the panel said it, so that it is no assumption any more."""
        return name in self.said

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, in small letters."""
        return tuple(part.strip().lower() for part in self.text(name).split(",") if part.strip())

    def pairs(self, name: str) -> dict[str, str]:
        """``word=meaning,word=meaning``, words in small letters."""
        found = (part.partition("=") for part in self.text(name).split(","))
        return {word.strip().lower(): meaning.strip() for word, equals, meaning in found if equals}
