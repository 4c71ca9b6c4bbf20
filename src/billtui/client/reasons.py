"""Why something below failed, in our own words, and headers read with suspicion. Knows no HTTP library."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from billtui.domain.numbers import is_number

_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection aborted",
    errno.ENETUNREACH: "no network",
    errno.EHOSTUNREACH: "no way to the host",
    errno.ETIMEDOUT: "no reply",
    errno.EMFILE: "too many open files on this machine",
    errno.EADDRNOTAVAIL: "no local address for it",
}


def seconds(text: str | None) -> float | None:
    """``Retry-After`` in seconds, of either form; ``None`` for anything else."""
    if text is None:
        return None
    text = text.strip()
    if is_number(text, 9):
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
        return max(0.0, (instant.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_COOKIE = re.compile(r"(?:^|,)[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})=([^;,\s]{0,4096})")


def cookies_in(header: str | None) -> dict[str, str]:
    """Name → value of what ``Set-Cookie`` headers, joined by commas, set; without their attributes."""
    return dict(_COOKIE.findall(header)) if header else {}


def redirect_place(location: str | None) -> str | None:
    """Scheme and host of a redirect: the rest may carry a secret."""
    if location is None:
        return None
    try:
        parts = urlsplit(location)
        host = parts.hostname
        return f"{parts.scheme or 'https'}://{host}" if host else "another path of the same host"
    except ValueError:
        return "an unreadable address"


def causes(error: BaseException) -> list[BaseException]:
    """``error`` with everything that caused it, outermost first; bounded."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting and len(found) < 32:
        current = waiting.pop(0)
        if any(current is known for known in found):
            continue
        found.append(current)
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)
    return found


def reason(chain: list[BaseException]) -> str:
    """Why, in our own words."""
    for error in chain:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "its certificate was not accepted"
        if isinstance(error, ssl.SSLError):
            return "no secure connection could be made"
        if isinstance(error, socket.gaierror):
            return "the name is not known"
        if isinstance(error, OSError) and error.errno in _REASONS:
            return _REASONS[error.errno]
    names = {type(error).__name__ for error in chain}
    if "PoolTimeout" in names:
        return "all connections are busy"
    if names & {"ConnectTimeout", "TimeoutError", "ReadTimeout", "WriteTimeout"}:
        return "no reply"
    if names & {"RemoteProtocolError"}:
        return "the line was cut or it does not speak HTTP"
    if "ProxyError" in names:
        return "the proxy refused"
    return "the connection failed"
