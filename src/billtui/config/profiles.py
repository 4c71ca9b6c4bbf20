"""Profiles: which panel, as whom, and how careful (profiles.toml). No secret is ever in this file.

``password_command`` names a program to run, so the file is refused when anybody else could change it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from billtui.config import toml_text
from billtui.config.errors import ConfigError, ProfileError
from billtui.config.kinds import KINDS, USUAL_KIND, kind_of_address
from billtui.config.paths import check_private_dir, config_dir, locked, read_private, typed_path, write_private

WITHOUT_PROFILE = "command-line"
"""The name that stands for a panel given by ``--url``: there is no profile."""

NAME_RULE = "1 to 32 of a–z, 0–9, - and _, beginning with a letter or a digit"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")
_URL_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~%]+")
_COLOUR = re.compile(r"[a-z]{1,20}|#[0-9a-fA-F]{6}")
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check_name(name: str) -> str:
    """``name`` if it can be a profile's name. Raises ProfileError."""
    if not _NAME.fullmatch(name):
        raise ProfileError(f"A profile's name is {NAME_RULE}.")
    return name


def check_url(text: str) -> str:
    """A panel's address in its plain form, without a slash at the end. Raises ProfileError saying what is wrong."""
    return _check_address(text.strip(), "panel", path_allowed=True)


def check_proxy(text: str) -> str:
    """The address of an HTTP proxy: scheme, host and port; plain http is allowed, sign-in data is not."""
    return _check_address(text.strip(), "proxy", path_allowed=False)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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


def _check_kind(value: str) -> str:
    if value not in KINDS:
        raise ProfileError(f"kind must be one of: {', '.join(KINDS)}.")
    return value


def _check_options(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 100:
        raise ProfileError("panel_options holds more than 100 options.")
    for name, text in value.items():
        if not _OPTION.fullmatch(name):
            raise ProfileError(f"panel_options: {name[:40]!r} is no option's name: small letters, digits and _.")
        if len(text) > 500 or not text.isprintable():
            raise ProfileError(f"panel_options: {name} must be one line of at most 500 printable characters.")
    return value


def _check_login(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise ProfileError("login must be one line of printable characters without spaces around it.")
    return value


def _check_accent(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise ProfileError('accent must be a colour: a name like "green", or "#2e8b57".')
    return value


def _check_fingerprint(value: str) -> str:
    digits = value.lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ProfileError("fingerprint must be the certificate's SHA-256: 64 hexadecimal digits, colons allowed.")
    return digits


def _check_ca_file(value: str) -> str:
    if "\0" in value or not typed_path(value).is_absolute():
        raise ProfileError("ca_file must be the full path of a PEM file.")
    return value


def _check_command(value: list[str]) -> list[str]:
    if any("\0" in part for part in value) or (value and not value[0].strip()):
        raise ProfileError('password_command must be a list: program and arguments, e.g. ["pass", "show", "panel"].')
    return value


class Profile(BaseModel):
    """One panel and one login on it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, strict=True)

    name: Annotated[str, AfterValidator(check_name)]
    url: Annotated[str, AfterValidator(check_url)]
    kind: Annotated[str, AfterValidator(_check_kind)] = USUAL_KIND
    panel_options: Annotated[dict[str, str], AfterValidator(_check_options)] = {}
    """What the driver of this kind assumes, said otherwise: option → text. Which there are, the driver knows."""
    login: Annotated[str, Field(max_length=200), AfterValidator(_check_login)] = ""
    read_only: bool = False
    demo: bool = False
    accent: Annotated[str, AfterValidator(_check_accent)] | None = None
    ca_file: Annotated[str, AfterValidator(_check_ca_file)] | None = None
    fingerprint: Annotated[str, AfterValidator(_check_fingerprint)] | None = None
    proxy: Annotated[str, AfterValidator(check_proxy)] | None = None
    confirm_limit: (
        Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=12, decimal_places=2, strict=False)] | None
    ) = None
    """Above this total (account's currency) it is typed; None means the program's setting."""
    confirm_items: Annotated[int, Field(ge=1, le=1000)] | None = None
    password_command: Annotated[list[str], AfterValidator(_check_command)] = []
    """Program and arguments that print the secret; run without a shell and without a terminal."""
    secret_kind: Literal["password", "token"] = "password"
    """What ``password_command`` and the systemd credential hold: a password, or an API key."""

    @property
    def host(self) -> str:
        """The panel's host, for headings."""
        return urlsplit(self.url).hostname or ""


class Profiles(NamedTuple):
    """All profiles by name, in the order of the file, the one used last, and what is wrong with others."""

    profiles: dict[str, Profile]
    last_used: str | None
    problems: list[str]


def make_profile(**values: object) -> Profile:
    """A checked profile. Raises ProfileError with one line for each problem."""
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        raise ProfileError("\n".join(_problems(error))) from None


def without_profile(url: str, login: str) -> Profile:
    """What stands for a panel given by ``--url``. Raises ProfileError."""
    return make_profile(name=WITHOUT_PROFILE, url=url, login=login, kind=kind_of_address(url))


class ProfileBook:
    """The profiles file; every change is read, made and written under a lock."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_dir() / "profiles.toml"

    def load(self) -> Profiles:
        """All profiles. A broken one does not hide the others: it is in ``problems``. Raises ConfigError."""
        content = toml_text.parse(text := self._text(), self.path)
        lines = toml_text.locate(text)
        found: dict[str, Profile] = {}
        problems: list[str] = []
        for name, values in self._tables(content).items():
            span = lines.get(("profiles", name))
            place = f"{self.path}, line {span.start + 1}" if span else str(self.path)
            if not isinstance(values, dict):
                problems.append(f"{place}: [profiles.{name[:40]!r}] must be a table.")
                continue
            try:
                found[name] = make_profile(**{**values, "name": name})
            except ProfileError as error:
                problems += [f"{place}: profile {name[:40]!r}: {line}" for line in str(error).splitlines()]
                continue
            known = Profile.model_fields
            problems += [f"{place}: {key!r} is not known; kept as it is." for key in values if key not in known]
        last = content.get("last_used")
        return Profiles(found, last if isinstance(last, str) and last in found else None, problems)

    def get(self, name: str) -> Profile:
        """One profile. Raises ProfileError naming those there are, or what is wrong with this one."""
        check_name(name)
        loaded = self.load()
        if name in loaded.profiles:
            return loaded.profiles[name]
        for problem in loaded.problems:
            if f"profile {name!r}" in problem:
                raise ProfileError(problem)
        there = ", ".join(loaded.profiles) or "none yet; make one with: billtui profile add"
        raise ProfileError(f"There is no profile {name!r}. Profiles: {there}.")

    def add(self, profile: Profile, *, replace: bool = False) -> None:
        """Keep a profile. Raises ProfileError when the name is taken and ``replace`` is not asked for."""
        self.add_all([profile], replace=replace)

    def add_all(self, profiles: Iterable[Profile], *, replace: bool = False) -> None:
        """Keep several profiles in one step, or none of them. Raises ProfileError where a name is taken."""
        with locked(self.path):
            content = self._content()
            tables = dict(self._tables(content))
            for profile in profiles:
                if profile.name in tables and not replace:
                    raise ProfileError(f"There is a profile {profile.name!r} already.")
                before = tables.get(profile.name)
                tables[profile.name] = {
                    **profile.model_dump(exclude={"name"}, exclude_defaults=True),
                    **_unknown_keys(before),
                }
            self._write({**content, "profiles": tables})

    def rename(self, name: str, new: str) -> None:
        """Give a profile another name. Raises ProfileError where it is not there, or the new one is taken."""
        check_name(new)
        with locked(self.path):
            content = self._content()
            tables = self._tables(content)
            if name not in tables:
                raise ProfileError(f"There is no profile {name[:40]!r}.")
            if new in tables:
                raise ProfileError(f"There is a profile {new!r} already.")
            renamed = {new if key == name else key: values for key, values in tables.items()}
            changed = {**content, "profiles": renamed}
            if content.get("last_used") == name:
                changed["last_used"] = new
            self._write(changed)

    def remove(self, name: str) -> None:
        """Forget a profile (its secrets are CredentialStore.forget's). Raises ProfileError when it is not there."""
        with locked(self.path):
            content = self._content()
            tables = dict(self._tables(content))
            if name not in tables:
                raise ProfileError(f"There is no profile {name[:40]!r}.")
            del tables[name]
            changed = {**content, "profiles": tables}
            if content.get("last_used") == name:
                del changed["last_used"]
            self._write(changed)

    def use(self, name: str) -> Profile:
        """Note that ``name`` is the one used last, and return it."""
        profile = self.get(name)
        with locked(self.path):
            content = self._content()
            if content.get("last_used") != name:
                self._write({**content, "last_used": name})
        return profile

    def _text(self) -> str:
        try:
            check_private_dir(self.path.parent)
            return read_private(self.path, 1024 * 1024).decode("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path}: not UTF-8 at byte {error.start}.") from None

    def _content(self) -> dict[str, object]:
        return toml_text.parse(self._text(), self.path)

    def _tables(self, content: dict[str, object]) -> dict[str, object]:
        tables = content.get("profiles", {})
        if not isinstance(tables, dict):
            raise ConfigError(f"{self.path}: profiles are written as [profiles.NAME].")
        return tables

    def _write(self, content: dict[str, object]) -> None:
        if content.get("profiles") == {}:
            del content["profiles"]
        write_private(self.path, toml_text.edit(self._text(), content).encode())


def _unknown_keys(values: object) -> dict[str, object]:
    """What a newer billtui wrote stays."""
    return {k: v for k, v in values.items() if k not in Profile.model_fields} if isinstance(values, dict) else {}


def _problems(error: ValidationError) -> list[str]:
    found: list[str] = []
    for problem in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part)[:40] for part in problem["loc"]) or "profile"
        cause = problem.get("ctx", {}).get("error")
        found.append(str(cause) if isinstance(cause, ProfileError) else f"{field}: {problem['msg'].lower()}.")
    return list(dict.fromkeys(found))
