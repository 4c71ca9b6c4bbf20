"""What a profile's values may be, said once: for the model of a profile, and for whoever needs no model.

Nothing here loads pydantic, so that a list from the copy on this machine is there at once (P-START-3).
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from billtui.config.errors import ConfigError, ProfileError
from billtui.config.kinds import KINDS
from billtui.config.paths import check_private_dir, read_private, typed_path
from billtui.domain.hosts import is_loopback

LOGIN_LENGTH = 200
MOST_LIMIT = 1_000_000
"""The highest ``confirm_limit``, in the account's currency."""
LIMIT_PLACES = 2
MOST_ITEMS = 1_000
"""The highest ``confirm_items``."""
SECRET_KINDS = ("password", "token")
WITHOUT_PROFILE = "command-line"
"""The name that stands for a panel given by ``--url``: there is no profile."""
_BOOK_BYTES = 1024 * 1024

NAME_RULE = "1 to 32 of a–z, 0–9, - and _, beginning with a letter or a digit"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")
_URL_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~%]+")
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COLOUR = re.compile(r"[a-z]{1,20}|#[0-9a-fA-F]{6}")


def check_name(name: str) -> str:
    """``name`` if it can be a profile's name. Raises ProfileError."""
    if not _NAME.fullmatch(name):
        raise ProfileError(f"A profile's name is {NAME_RULE}.")
    return name


def check_url(text: str) -> str:
    """A panel's address in its plain form, without a slash at the end. Raises ProfileError saying what is wrong.

    What a Billing API's calls begin with belongs to the calls, not to the address, and is taken off.
    """
    return re.sub("(/api/v1)+$", "", _check_address(text.strip(), "panel", path_allowed=True))


def check_proxy(text: str) -> str:
    """The address of an HTTP proxy: scheme, host and port; plain http is allowed, sign-in data is not."""
    return _check_address(text.strip(), "proxy", path_allowed=False)


def name_of_copy(url: str, login: str) -> str:
    """By which name the copy goes of a panel given by ``--url``: each address and login has one of its own."""
    return f"{WITHOUT_PROFILE} {url} {login}"


def _check_address(text: str, what: str, *, path_allowed: bool) -> str:
    if not text:
        raise ProfileError(f"The {what}'s address is missing.")
    if len(text) > 500:
        raise ProfileError(f"The {what}'s address is longer than 500 characters.")
    if not _URL_CHARACTERS.fullmatch(text):
        raise ProfileError(
            f"The {what}'s address holds a space, a control character or letters beyond plain Latin ones; "
            "write an international host name in its xn-- form.",
        )
    if "://" not in text:
        raise ProfileError(f"The {what}'s address begins with https://, for example https://{text.lstrip('/')[:60]}")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise ProfileError(f"The {what}'s address has a broken host or port.") from None
    if "@" in parts.netloc:
        raise ProfileError(
            f"The {what}'s address must not hold a login or password; leave out what stands before the @."
        )
    if parts.scheme not in ("https", "http"):
        raise ProfileError(f"The {what}'s address begins with https://, not {parts.scheme}://.")
    if port == 0 or not (_HOST.fullmatch(host) or _is_ip(host)):
        raise ProfileError(f"The {what}'s address has no usable host name or port.")
    if what == "panel" and parts.scheme == "http" and not is_loopback(host):
        raise ProfileError("http:// is allowed for this machine only (localhost, 127.0.0.1, ::1); use https://.")
    if "?" in text or "#" in text:
        raise ProfileError(f"The {what}'s address must end with its path: leave out ? and # and what follows.")
    path = parts.path.rstrip("/")
    if path and not path_allowed:
        raise ProfileError(f"The {what}'s address is scheme, host and port, without a path.")
    if "//" in path or any(part in (".", "..") for part in path.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise ProfileError(f"The {what}'s address has // or .. in its path.")
    default = {"https": 443, "http": 80}[parts.scheme]
    shown_host = f"[{host}]" if ":" in host else host.rstrip(".")
    return f"{parts.scheme}://{shown_host}{'' if port in (None, default) else f':{port}'}{path}"


def _is_ip(host: str) -> bool:
    try:
        return "%" not in host and bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def check_kind(value: str) -> str:
    """The kind of a panel, one of those there are. Raises ProfileError."""
    if value not in KINDS:
        raise ProfileError(f"kind must be one of: {', '.join(KINDS)}.")
    return value


def check_options(value: dict[str, str]) -> dict[str, str]:
    """What a driver assumes, said otherwise: option → text; which there are, the driver knows. Raises ProfileError."""
    if len(value) > 100:
        raise ProfileError("panel_options holds more than 100 options.")
    for name, text in value.items():
        if not _OPTION.fullmatch(name):
            raise ProfileError(f"panel_options: {name[:40]!r} is no option's name: small letters, digits and _.")
        if len(text) > 500 or not text.isprintable():
            raise ProfileError(f"panel_options: {name} must be one line of at most 500 printable characters.")
    return value


def check_login(value: str) -> str:
    """A login: one line of printable characters. Raises ProfileError."""
    if not value.isprintable() or value != value.strip():
        raise ProfileError("login must be one line of printable characters without spaces around it.")
    return value


def check_accent(value: str) -> str:
    """A colour of its own for a profile: a name, or six hexadecimal digits. Raises ProfileError."""
    if not _COLOUR.fullmatch(value):
        raise ProfileError('accent must be a colour: a name like "green", or "#2e8b57".')
    return value


def check_fingerprint(value: str) -> str:
    """A certificate's SHA-256 in its plain form: 64 small hexadecimal digits. Raises ProfileError."""
    digits = value.lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ProfileError("fingerprint must be the certificate's SHA-256: 64 hexadecimal digits, colons allowed.")
    return digits


def check_ca_file(value: str) -> str:
    """The full path of a PEM file. Raises ProfileError."""
    if "\0" in value or not typed_path(value).is_absolute():
        raise ProfileError("ca_file must be the full path of a PEM file.")
    return value


def check_command(value: list[str]) -> list[str]:
    """Program and arguments; an empty list is none. Raises ProfileError."""
    if any("\0" in part for part in value) or (value and not value[0].strip()):
        raise ProfileError('password_command must be a list: program and arguments, e.g. ["pass", "show", "panel"].')
    return value


def private_text(path: Path) -> str:
    """The text of a private file such as profiles.toml, empty where there is none. Raises ConfigError (UnsafePath)."""
    try:
        check_private_dir(path.parent)
        return read_private(path, _BOOK_BYTES).decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}.") from None


def book_tables(content: dict[str, object], path: Path) -> dict[str, object]:
    """The profiles' tables by name, in the order of the file. Raises ConfigError."""
    tables = content.get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(f"{path}: profiles are written as [profiles.NAME].")
    return tables
