"""A profile without its model, where everything about it is plainly right: enough to find its copy (P-START-3).

Whatever is not so plain (a broken value, a field that is not listed here, no profile at all) is left to
:class:`~billtui.config.profiles.ProfileBook`, which says what is wrong with it: nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from billtui.config import toml_text
from billtui.config.kinds import USUAL_KIND, kind_of_address
from billtui.config.paths import config_dir
from billtui.config.profile_rules import (
    LIMIT_PLACES,
    LOGIN_LENGTH,
    MOST_ITEMS,
    MOST_LIMIT,
    SECRET_KINDS,
    WITHOUT_PROFILE,
    book_tables,
    check_accent,
    check_ca_file,
    check_command,
    check_fingerprint,
    check_kind,
    check_login,
    check_name,
    check_options,
    check_proxy,
    check_url,
    name_of_copy,
    private_text,
)


class PlainProfile(NamedTuple):
    """Which panel, as whom."""

    name: str
    url: str
    """As :func:`~billtui.config.profile_rules.check_url` gives it."""
    login: str
    read_only: bool
    kind: str


def plain_profile(name: str | None = None) -> PlainProfile | None:
    """The profile ``name``, or the last one used, or the only one there is; ``None`` where that is not plain.

    Raises ConfigError where the file is open to others or cannot be read, as the book itself does.
    """
    path = config_dir() / "profiles.toml"
    content = toml_text.parse(private_text(path), path)
    tables = book_tables(content, path)
    if name is None:
        last = content.get("last_used")
        name = last if isinstance(last, str) else next(iter(tables)) if len(tables) == 1 else None
    if name is None:
        return None
    values = tables.get(name)
    return _plain(name, values) if isinstance(values, dict) else None


def without_profile(url: str, login: str) -> PlainProfile | None:
    """A panel given by ``--url``; its ``name`` is that of its copy. ``None`` where it is not plain."""
    found = _plain(WITHOUT_PROFILE, {"url": url, "login": login, "kind": kind_of_address(url)})
    return None if found is None else found._replace(name=name_of_copy(found.url, found.login))


def _plain(name: str, values: dict[str, object]) -> PlainProfile | None:
    if "url" not in values or not values.keys() <= CHECKS.keys():
        return None
    try:
        name = check_name(name)
        found = {key: CHECKS[key](value) for key, value in values.items()}
    except ValueError:  # a ProfileError is one
        return None
    return PlainProfile(
        name,
        str(found["url"]),
        str(found.get("login", "")),
        bool(found.get("read_only")),
        str(found.get("kind", USUAL_KIND)),
    )


def _text(check: Callable[[str], str]) -> Callable[[object], object]:
    def checked(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError
        return check(value)

    return checked


def _login(value: str) -> str:
    if len(value) > LOGIN_LENGTH:
        raise ValueError
    return check_login(value)


def _one_of(*allowed: str) -> Callable[[object], object]:
    def checked(value: object) -> object:
        if value not in allowed:
            raise ValueError
        return value

    return checked


def _switch(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError
    return value


def _limit(value: object) -> object:
    amount = value if isinstance(value, Decimal) else Decimal(_number(value))
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -LIMIT_PLACES or not 0 <= amount <= MOST_LIMIT:
        raise ValueError
    return amount


def _items(value: object) -> object:
    if not 1 <= _number(value) <= MOST_ITEMS:
        raise ValueError
    return value


def _command(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ValueError
    return check_command(value)


def _options(value: object) -> object:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError
    return check_options(value)


CHECKS: dict[str, Callable[[object], object]] = {
    "url": _text(check_url),
    "kind": _text(check_kind),
    "panel_options": _options,
    "login": _text(_login),
    "read_only": _switch,
    "demo": _switch,
    "accent": _text(check_accent),
    "ca_file": _text(check_ca_file),
    "fingerprint": _text(check_fingerprint),
    "proxy": _text(check_proxy),
    "confirm_limit": _limit,
    "confirm_items": _items,
    "password_command": _command,
    "secret_kind": _one_of(*SECRET_KINDS),
}
"""What is plainly right of each field: each raises ValueError where the model might refuse."""
