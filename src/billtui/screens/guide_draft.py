"""What was typed in the first-run guide so far, and what is wrong with it. Nothing here is a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from billtui.client.settings import ConnectionSettings
from billtui.config.errors import ConfigError, ProfileError
from billtui.config.kinds import USUAL_KIND
from billtui.config.paths import typed_path
from billtui.config.profile_rules import check_name, check_proxy, check_url
from billtui.config.profiles import Profile, make_profile
from billtui.domain.rules import accounts as account_rules

_COMMON = ("www", "panel", "billing", "bill", "my", "cp", "client", "clients", "portal", "api", "manager", "secure")
"""First labels of hosts that say nothing about whose panel it is."""


@dataclass
class Draft:
    """A profile on its way. Texts are as typed."""

    url: str = ""
    proxy: str = ""
    ca_file: str = ""
    fingerprint: str = ""
    """Pinned after comparing; of one address only."""
    name: str = ""
    login: str = ""
    read_only: bool = False
    kind: str = USUAL_KIND
    """The kind of panel that was found there."""

    def connection(self) -> ConnectionSettings:
        """How to reach the panel. Raises ProfileError where something cannot stand as it was typed."""
        return ConnectionSettings(
            url=check_url(self.url),
            ca_file=typed_path(self.ca_file.strip()) if self.ca_file.strip() else None,
            fingerprint=self.fingerprint or None,
            proxy=check_proxy(self.proxy) if self.proxy.strip() else None,
        )

    def profile(self) -> Profile:
        """The profile. Raises ProfileError."""
        connection = self.connection()
        return make_profile(
            name=self.name.strip(),
            url=connection.url,
            kind=self.kind,
            login=self.login.strip(),
            read_only=self.read_only,
            proxy=connection.proxy,
            ca_file=None if connection.ca_file is None else str(connection.ca_file),
            fingerprint=connection.fingerprint,
        )


def name_for(url: str) -> str:
    """A short name for the panel at ``url``: what tells its host from others."""
    host = urlsplit(url).hostname or ""
    labels = [] if re.fullmatch(r"[0-9.]+|.*:.*|localhost", host) else host.removeprefix("xn--").split(".")
    while len(labels) > 2 and labels[0] in _COMMON:
        labels.pop(0)
    found = re.sub(r"[^a-z0-9-]", "", labels[0] if labels else "")[:32].strip("-")
    return found or "work"


def url_refusal(text: str) -> str | None:
    """What is wrong with the panel's address, or ``None``."""
    return _refusal(check_url, text)


def proxy_refusal(text: str) -> str | None:
    """What is wrong with the proxy's address, or ``None``; it may be left empty."""
    return _refusal(check_proxy, text) if text.strip() else None


def ca_refusal(text: str) -> str | None:
    """What is wrong with the file of authorities, or ``None``; it may be left empty."""
    if not text.strip():
        return None
    path = typed_path(text.strip())
    if not path.is_absolute():
        return "Give the file's full path, for example /home/you/panel-ca.pem or ~/panel-ca.pem."
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"The file cannot be read: {error.strerror}."
    if b"-----BEGIN CERTIFICATE-----" not in content:
        return "That is no PEM file: it holds no line “-----BEGIN CERTIFICATE-----”."
    return None


def name_refusal(text: str, taken: Collection[str]) -> str | None:
    """What is wrong with the profile's name, or ``None``."""
    if text.strip() in taken:
        return f"There is a profile {text.strip()!r} already."
    return _refusal(check_name, text.strip())


def login_refusal(text: str, kind: str = USUAL_KIND) -> str | None:
    """What is wrong with the login, or ``None``; it may be left empty and typed when signing in.

    Panels of another ``kind`` than the Billing API may well know people by their e-mail (wire: FOSSBilling).
    """
    if kind == USUAL_KIND and (email := account_rules.login_refusal(text)) is not None:
        return f"{email.reason} Leave it empty if you do not know it."
    return None if not text or text.strip().isprintable() else "The login is one line of printable characters."


def _refusal(check: Callable[[str], object], text: str) -> str | None:
    try:
        check(text)
    except (ProfileError, ConfigError) as error:
        return str(error)
    return None
