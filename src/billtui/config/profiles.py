"""Profiles: which panel, as whom, and how careful (profiles.toml). No secret is ever in this file.

``password_command`` names a program to run, so the file is refused when anybody else could change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from billtui.config import toml_text
from billtui.config.errors import ProfileError
from billtui.config.kinds import USUAL_KIND, kind_of_address
from billtui.config.paths import config_dir, locked, write_private
from billtui.config.profile_rules import (
    LIMIT_PLACES,
    LOGIN_LENGTH,
    MOST_ITEMS,
    MOST_LIMIT,
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
    private_text,
)


class Profile(BaseModel):
    """One panel and one login on it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, strict=True)

    name: Annotated[str, AfterValidator(check_name)]
    url: Annotated[str, AfterValidator(check_url)]
    kind: Annotated[str, AfterValidator(check_kind)] = USUAL_KIND
    panel_options: Annotated[dict[str, str], AfterValidator(check_options)] = {}
    """What the driver of this kind assumes, said otherwise: option → text. Which there are, the driver knows."""
    login: Annotated[str, Field(max_length=LOGIN_LENGTH), AfterValidator(check_login)] = ""
    read_only: bool = False
    demo: bool = False
    accent: Annotated[str, AfterValidator(check_accent)] | None = None
    ca_file: Annotated[str, AfterValidator(check_ca_file)] | None = None
    fingerprint: Annotated[str, AfterValidator(check_fingerprint)] | None = None
    proxy: Annotated[str, AfterValidator(check_proxy)] | None = None
    confirm_limit: (
        Annotated[Decimal, Field(ge=0, le=MOST_LIMIT, max_digits=12, decimal_places=LIMIT_PLACES, strict=False)] | None
    ) = None
    """Above this total (account's currency) it is typed; None means the program's setting."""
    confirm_items: Annotated[int, Field(ge=1, le=MOST_ITEMS)] | None = None
    password_command: Annotated[list[str], AfterValidator(check_command)] = []
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
        return private_text(self.path)

    def _content(self) -> dict[str, object]:
        return toml_text.parse(self._text(), self.path)

    def _tables(self, content: dict[str, object]) -> dict[str, object]:
        return book_tables(content, self.path)

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
