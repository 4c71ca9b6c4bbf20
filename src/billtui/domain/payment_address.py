"""Where an external payment is made: a panel's word, and so looked at before it is shown as an address to pay at.

It is shown whole, as text and as a QR code, and never opened (INV-3). Anything but an https address of printable
characters, or an http one on the panel's own host and port (a panel on this machine), is not an address to pay at.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

MAX_ADDRESS: Final = 2_000
"""Longest address, in characters; providers' ones have a few hundred."""
_QUOTED: Final = 200
_HOST: Final = 100


def payment_address(sent: str, panel_url: str) -> str | None:
    """``sent`` if it can be shown as an address to pay at, else ``None``. ``panel_url`` is the profile's.

    A path alone, ``/invoice/…``, is a page of the panel itself.
    """
    if sent.startswith("/") and not sent.startswith("//"):
        sent = panel_url.rstrip("/") + sent
    if len(sent) > MAX_ADDRESS or not sent.isascii() or not sent.isprintable() or " " in sent:
        return None
    try:
        parts, panel = urlsplit(sent), urlsplit(panel_url)
        parts.port  # noqa: B018 - raises ValueError for a broken port
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc or "\\" in sent:
        return None
    if parts.scheme == "https" or (parts.scheme, parts.netloc) == (panel.scheme, panel.netloc):
        return sent
    return None


def payment_host(address: str, panel_url: str) -> str:
    """Whose host an address to pay at is on, in words: the panel's own, or which other one (INV-3)."""
    host, own = urlsplit(address).hostname, urlsplit(panel_url).hostname
    shown = f"{host[:_HOST]}…" if host and len(host) > _HOST else host
    return f"On {shown}, the panel's own host." if host == own else f"On {shown}: not the panel's own host, {own}."


def refused_address(sent: str) -> str:
    """What is said instead of an address that cannot be one."""
    quoted = sent if len(sent) <= _QUOTED else f"{sent[:_QUOTED]}…"
    return f"The panel sent no https address to pay at, but “{quoted}”. Pay this invoice on the panel's own web pages."
