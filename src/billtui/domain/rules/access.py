"""Who is let in how: API keys (ACC-5), recovery of a password (ACC-3), second factor (ACC-6), roles (ACC-7)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.roles import CLIENT, STAFF
from billtui.domain.rules.facts import format_when

LABEL_LENGTH = 100
"""Longest label of an API key, in characters."""
MOST_NETWORKS = 50
"""Networks that one API key may name."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def reading_refusal(role: str) -> Refusal | None:
    """Why a role may not read other accounts (ACC-7)."""
    return None if role in STAFF else Refusal("forbidden", "ACC-7", "Only the panel's staff sees other accounts.")


def triage_refusal(role: str) -> Refusal | None:
    """Why a role may not work on the tickets of others (TKT-8)."""
    return None if role in STAFF else Refusal("forbidden", "TKT-8", "Only the panel's staff does that with tickets.")


def business_refusal(role: str) -> Refusal | None:
    """Why a role may not order, pay, renew, rename or transfer anything (ACC-7). Its own doors are always its own."""
    if role == CLIENT:
        return None
    text = f"The role “{role}” reads accounts and orders; only their owner may change or buy something."
    return Refusal("forbidden", "ACC-7", text)


def label_refusal(label: str) -> Refusal | None:
    """Why an API key cannot have this label (ACC-5)."""
    if label.strip() and len(label) <= LABEL_LENGTH:
        return None
    text = f"A key needs a label, by which it is found in the list: 1 to {LABEL_LENGTH} characters."
    return Refusal("api-key-label", "ACC-5", text)


def expiry_refusal(expires_at: datetime | None, now: datetime) -> Refusal | None:
    """Why an API key cannot end then (ACC-5); ``None`` as its end means that it has none."""
    if expires_at is None or expires_at > now:
        return None
    return Refusal("api-key-expiry", "ACC-5", f"That is over: it is {format_when(now)}. Choose a later end, or none.")


def network_refusal(text: str) -> Refusal | None:
    """Why ``text`` is no network in CIDR, IPv4 or IPv6 (ACC-5). A single address is a network of one."""
    try:
        network_of(text)
    except ValueError:
        pass
    else:
        return None
    try:
        meant = ipaddress.ip_network(text.strip() if "%" not in text else "", strict=False)
    except ValueError:
        example = "write it as 203.0.113.0/24 or 2001:db8::/32, or one address"
        return Refusal("not-a-network", "ACC-5", f"“{text.strip()[:50]}” is not a network: {example}.")
    return Refusal("not-a-network", "ACC-5", f"“{text.strip()[:50]}” is an address within a network: write {meant}.")


def networks_refusal(networks: Sequence[str]) -> Refusal | None:
    """What is wrong with the networks of an API key, the first of it (ACC-5)."""
    if len(networks) > MOST_NETWORKS:
        return Refusal("not-a-network", "ACC-5", f"A key names at most {MOST_NETWORKS} networks: join some of them.")
    return next((refusal for text in networks if (refusal := network_refusal(text)) is not None), None)


def second_factor_refusal(action: str, *, on: bool, begun: bool) -> Refusal | None:
    """Why ``action`` (begin, confirm, new-codes, off) cannot be done (ACC-6).

    ``on``: there is a second factor; ``begun``: one waits for its first code.
    """
    if action in ("begin", "confirm"):
        if on:
            text = "The second factor is on already: turn it off before you set up another device."
            return Refusal("totp-on", "ACC-6", text)
        if action == "confirm" and not begun:
            text = "No second factor was begun: begin one, and type the code that the device shows."
            return Refusal("totp-not-begun", "ACC-6", text)
        return None
    return None if on else Refusal("totp-off", "ACC-6", "There is no second factor: nothing is to be done.")


def network_of(text: str) -> Network:
    """The network that ``text`` names. Raises ``ValueError``, also for an address within a network."""
    text = text.strip()
    if "%" in text:
        raise ValueError("a zone is no part of a network")
    return ipaddress.ip_network(text)


def address_allowed(address: str, networks: Sequence[str]) -> bool:
    """Whether ``address`` is in one of ``networks``; without networks every address is (ACC-5)."""
    if not networks:
        return True
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer.version == network.version and peer in network for network in map(network_of, networks))


def keys_refusal(count: int, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why an account with ``count`` API keys cannot have another (ACC-5)."""
    if count < policy.api_keys_most:
        return None
    return Refusal(
        "too-many-api-keys", "ACC-5", f"There are {count} API keys already: revoke one that is not used any more."
    )


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """A one-time code that was mailed (ACC-3)."""

    expires_at: datetime
    used_at: datetime | None = None
    voided_at: datetime | None = None


def recovery_refusal(code: RecoveryCode | None, now: datetime) -> Refusal | None:
    """Why a code does not recover a password; ``None`` as the code means that there is no such code (ACC-3)."""
    again = "ask for a new one"
    if code is None:
        text = f"This code is unknown: type it as the mail shows it, or {again}."
        return Refusal("recovery-code-unknown", "ACC-3", text)
    if code.used_at is not None:
        text = f"This code was used on {format_when(code.used_at)}, and works once: {again} if you need to."
        return Refusal("recovery-code-used", "ACC-3", text)
    if code.voided_at is not None:
        text = f"This code was replaced on {format_when(code.voided_at)}: use that of the newest mail, or {again}."
        return Refusal("recovery-code-voided", "ACC-3", text)
    if now >= code.expires_at:
        return Refusal("recovery-code-expired", "ACC-3", f"This code ended on {format_when(code.expires_at)}: {again}.")
    return None
