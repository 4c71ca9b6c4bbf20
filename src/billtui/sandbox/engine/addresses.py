"""Addresses of servers: those that documentation may use, each given once."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from billtui.sandbox.engine.unit import Tx

_BLOCKS = (IPv4Address("192.0.2.0"), IPv4Address("198.51.100.0"), IPv4Address("203.0.113.0"))
_FIRST_HOST, _HOSTS = 10, 240
_FIRST_V6 = IPv6Address("2001:db8::1:1")


def next_address(tx: Tx) -> str:
    """The next address that no server had yet."""
    number: int = tx.sql("UPDATE panel SET next_address = next_address + 1 RETURNING next_address").fetchone()[0]
    return address_of(number - 1)


def address_of(number: int) -> str:
    """The ``number``-th address, from 0: IPv4 while they last, then IPv6."""
    block, host = divmod(number, _HOSTS)
    if block < len(_BLOCKS):
        return str(_BLOCKS[block] + _FIRST_HOST + host)
    return str(_FIRST_V6 + (number - _HOSTS * len(_BLOCKS)))
