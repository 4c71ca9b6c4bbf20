"""The kinds of panels by their words in a profile. Light: the command line's ``--help`` needs it."""

from __future__ import annotations

from urllib.parse import urlsplit

KINDS = ("billing_v1", "fossbilling", "rootpanel", "billmanager")
"""Kinds of panel that can be named in a profile; which of them this billtui has a driver for, the client knows."""
USUAL_KIND = "billing_v1"
"""What a profile is that names none."""


def kind_of_address(url: str) -> str:
    """The kind of panel that an address seems to be by how it ends; nobody is asked."""
    try:
        path = urlsplit(url.strip()).path.rstrip("/").lower()
    except ValueError:
        return USUAL_KIND
    if path.endswith("/apih.php"):
        return "rootpanel"
    return "billmanager" if path.endswith("/billmgr") else USUAL_KIND
