"""Which of one's own orders a text names: by id, by name, by address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from billtui.services.ticket_review.draft import KnownOrder

_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w)")
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_NUMBER: Final = re.compile(
    r"(?:(?:order|server|vds|vps|id|заказ[а-я]{0,3}|сервер[а-яі]{0,3}|услуг[а-я]{0,2}|замовленн[а-яі]{0,2}|послуг[а-яи]{0,2})"
    r"[\s:]{1,3}(?:id[\s:]{1,3})?[#№]?\s?|[#№]\s?)(?P<id>[A-Za-z0-9_-]{1,24})(?![\w-])",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"(?<![\w.@/-])[A-Za-z0-9А-Яа-я][\w.-]{0,62}(?![\w-])")
_BEFORE: Final = re.compile(
    r"(?:order|server|vds|vps|machine|host|box|сервер\w{0,3}|заказ\w{0,3}|машин\w{0,2}|хост\w{0,2}|замовлен\w{0,3})"
    r"\s{1,3}[\"'«“]?\Z",
    re.IGNORECASE,
)


class Named(NamedTuple):
    """An own order that the text names, and where."""

    order_id: str
    start: int
    end: int


def named_orders(text: str, orders: Iterable[KnownOrder]) -> list[Named]:
    """The orders in the order in which they are named first, each once."""
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for order in orders:
        ids[order.id] = order.id
        names.setdefault(order.name.lower(), order.id)
        for address in order.addresses:
            addresses.setdefault(_one_form(address), order.id)
    found = [
        Named(addresses[key], match.start(), match.end())
        for pattern in (_IPV4, _IPV6)
        for match in pattern.finditer(text)
        if (key := _one_form(match[0])) in addresses
    ]
    found += [Named(ids[match["id"]], *match.span("id")) for match in _NUMBER.finditer(text) if match["id"] in ids]
    for match in _NAME.finditer(text):
        word = match[0].lower().rstrip(".")
        order_id = names.get(word)
        if order_id is None:
            continue
        if _is_telling(word) or _BEFORE.search(text[max(0, match.start() - 24) : match.start()]):
            found.append(Named(order_id, match.start(), match.start() + len(word)))
    first: dict[str, Named] = {}
    for one in sorted(found, key=lambda one: one.start):
        first.setdefault(one.order_id, one)
    return list(first.values())


def _is_telling(name: str) -> bool:
    """Whether a name is no everyday word: “web-1” is, “backup” may mean anything."""
    return len(name) >= 4 and not name.isalpha()


def _one_form(address: str) -> str:
    plain = address.split("/")[0]
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain.lower()
