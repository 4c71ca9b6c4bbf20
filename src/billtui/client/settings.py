"""How to reach a panel, and what one write carries. Light: no HTTP library, no models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from billtui import __version__
from billtui.client.errors import ConfigurationProblem
from billtui.domain.hosts import is_loopback

MAX_WIRE = 8 * 1024 * 1024
"""Most bytes of one answer's body as they come over the line."""
MAX_DECODED = 16 * 1024 * 1024
"""Most bytes of one answer's body after decompression."""

_KEY = re.compile(r"[A-Za-z0-9_.:\-]{1,200}\Z")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}\Z")
"""Letters of ASCII, also of an IPv6 address: libraries differ in what they make of others, and would so ask different
hosts."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one panel. Times are in seconds.

    ``url`` is ``https://…``, or ``http://…`` for this machine only. Certificates are always checked: against the
    system's authorities, against ``ca_file`` alone if given, or by ``fingerprint`` (SHA-256 of the certificate).
    Proxy and authorities come from here only, never from the environment.
    """

    url: str
    ca_file: Path | None = None
    fingerprint: str | None = None
    proxy: str | None = field(default=None, repr=False)
    read_deadline: float = 20
    """All tries of one read together."""
    write_deadline: float = 30
    connections: int = 4
    user_agent: str = f"billtui/{__version__}"
    tries: int = 4
    """Most tries of one read. Writes are sent once, whatever this says."""
    connect_timeout: float = 10
    idle_timeout: float = 10
    """Longest silence of the line while sending or receiving."""
    retry_base: float = 0.25
    """Upper bound of the first random pause between tries; it doubles with each try."""
    document_deadline: float = 300
    account: str = ""
    """Who asks, by login: all that ask as one account at one address keep its pace together."""
    locks: Path | None = None
    """A private directory that all programs of this person share: what only one may do at a time waits there."""

    def address(self) -> Address:
        """The address, taken apart and checked. Raises :class:`ConfigurationProblem` with what to change."""
        return Address.parse(self.url)

    def below(self, door: str) -> ConnectionSettings:
        """The same without ``door`` at the end of the address: a path that every call of a kind of panel has anyway."""
        trimmed = self.url.strip().rstrip("/")
        if not door or not trimmed.endswith(door):
            return self
        return replace(self, url=trimmed.removesuffix(door))

    def pinned(self) -> bytes | None:
        """The pinned SHA-256 fingerprint as 32 bytes. Raises :class:`ConfigurationProblem` if it is not one."""
        if self.fingerprint is None:
            return None
        digits = self.fingerprint.lower().removeprefix("sha256:").replace(":", "").strip()
        if not _FINGERPRINT.match(digits):
            raise ConfigurationProblem(
                "The fingerprint must be a SHA-256 of 64 hexadecimal digits. Correct the profile."
            )
        return bytes.fromhex(digits)


@dataclass(frozen=True, slots=True)
class Address:
    """A panel's address: scheme, host, port and a path without a closing slash."""

    scheme: str
    host: str
    port: int | None
    path: str
    loopback: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take ``url`` apart. Raises :class:`ConfigurationProblem`; its text never repeats a user name or password."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise ConfigurationProblem(
                "The panel's address cannot be read. It looks like https://panel.example"
            ) from None
        host = parts.hostname or ""
        _check_address(parts, host)
        loopback = is_loopback(host)
        if parts.scheme == "http" and not loopback:
            raise ConfigurationProblem(
                f"http:// would let others read the password; use https://{host} (http:// only to this machine)."
            )
        return cls(parts.scheme, host, port, parts.path.rstrip("/"), loopback)

    @property
    def origin(self) -> str:
        """``https://panel.example:8443``."""
        return f"{self.scheme}://{self.place}"

    @property
    def place(self) -> str:
        """Host and port as a person reads them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def _check_address(parts: SplitResult, host: str) -> None:
    if parts.scheme not in ("https", "http"):
        raise ConfigurationProblem("The panel's address must begin with https://")
    if not _HOST.match(host):
        raise ConfigurationProblem(
            "The panel's address names no host that can be asked. It looks like https://panel.example; an international"
            " name is written in its xn-- form."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationProblem("The panel's address must not hold a user name or password. Take them out.")
    if parts.query or parts.fragment:
        raise ConfigurationProblem("The panel's address must end after the path, without ? or #.")
    if any(ord(char) <= 0x20 or ord(char) >= 0x7F for char in parts.path):
        raise ConfigurationProblem("The path of the panel's address must be plain ASCII without spaces.")


@dataclass(frozen=True, slots=True)
class Write:
    """What one write carries: its idempotency key (the same for every re-send) and the version it rests on."""

    key: str
    if_match: int | None = None

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a key that cannot stand in a header."""
        if not _KEY.match(self.key):
            raise ValueError("an idempotency key is 1 to 200 letters, digits, or _ . : -")
