"""Profiles as a file to hand on: written without secrets, read as strictly as what a stranger sends.

A file says what it is (``billtui_profiles = 1``) and holds ``[profiles.NAME]`` tables, as ``profiles.toml`` does. It is
taken whole or not at all. ``password_command`` names a program that would be run: it is written only where asked for,
and whoever reads a file shows it and asks before it is taken.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from billtui.config import toml_text
from billtui.config.accents import accent_problem
from billtui.config.errors import ConfigError, ProfileError
from billtui.config.profile_rules import check_name
from billtui.config.profiles import Profile, make_profile

VERSION = 1
MARK = "billtui_profiles"
MAX_BYTES = 256 * 1024
MOST = 500
"""Profiles in one file."""

NEVER = frozenset({"name", "demo"})
"""What no file says: the name is the table's, and the demo is no panel of anybody's."""


class Change(NamedTuple):
    """What an import would do to one profile."""

    profile: Profile
    before: Profile | None
    """The one that would be replaced."""
    differences: tuple[str, ...]
    """``key: old → new`` for what would be another than before."""
    dropped_command: tuple[str, ...]
    """The replaced profile's own password_command, where it would not be kept."""

    @property
    def moved(self) -> bool:
        """Whether what the replaced profile keeps would go another way than before: its kept sign-in as well."""
        return self.before is not None and _reaches(self.before) != _reaches(self.profile)


def export_text(profiles: Iterable[Profile], *, commands: bool = False) -> str:
    """The file. Nothing in it is secret: with ``commands`` it holds the programs that print secrets, too."""
    tables: dict[str, object] = {}
    for profile in profiles:
        left_out = {"name", "demo"} if commands else {"name", "demo", "password_command"}
        values = profile.model_dump(exclude=left_out, exclude_defaults=True)
        tables[profile.name] = values
    body = toml_text.dump({MARK: VERSION, "profiles": tables})
    return f"# Profiles of billtui. No password and no token is in this file; each host signs in by itself.\n{body}"


def read_file(path: Path) -> str:
    """The text of a file that somebody gave. Raises ProfileError, FileNotFoundError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ProfileError(f"{path} cannot be read: {error.strerror}.") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ProfileError(f"{path} is not a regular file.")
        return _text(file.read(MAX_BYTES + 1), str(path))


def read_stdin() -> str:
    """The same from standard input."""
    content = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin is not None else b""
    return _text(content, "standard input")


def _text(content: bytes, where: str) -> str:
    if len(content) > MAX_BYTES:
        raise ProfileError(f"{where} is larger than {MAX_BYTES // 1024} KB; that is no file of profiles.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(f"{where}: not UTF-8 at byte {error.start}.") from None


def parse(text: str, where: str) -> list[Profile]:
    """The profiles of a file, all of them sound. Raises ProfileError with a line for each thing that is wrong."""
    try:
        content = toml_text.parse(text, Path(where))
    except ConfigError as error:
        raise ProfileError(str(error)) from None
    except RecursionError:
        raise ProfileError(f"{where}: nested too deep; that is no file of profiles.") from None
    version = content.get(MARK)
    if version != VERSION or isinstance(version, bool):
        raise ProfileError(
            f"{where} is no file of profiles: {MARK} = {VERSION} is missing."
            if version is None
            else f"{where} has another version than this billtui reads ({VERSION})."
        )
    problems = [f"{where}: {key[:40]!r} is not known." for key in content if key not in (MARK, "profiles")]
    tables = content.get("profiles")
    if not isinstance(tables, dict) or not tables:
        problems.append(f"{where}: there is no [profiles.NAME] in it.")
        tables = {}
    if len(tables) > MOST:
        raise ProfileError(f"{where}: more than {MOST} profiles.")
    found: list[Profile] = []
    for name, values in tables.items():
        try:
            found.append(_profile(name, values))
        except ProfileError as error:
            problems += [f"{where}: profile {name[:40]!r}: {line}" for line in str(error).splitlines()]
    if problems:
        raise ProfileError("\n".join(problems))
    return found


def _profile(name: str, values: object) -> Profile:
    check_name(name)
    if not isinstance(values, Mapping):
        raise ProfileError("it must be a table.")
    known = Profile.model_fields.keys() - NEVER
    if unknown := [key for key in values if key not in known]:
        raise ProfileError("\n".join(f"{key[:40]!r} is not known here." for key in unknown))
    profile = make_profile(**{**values, "name": name})
    if profile.accent is not None and (problem := accent_problem(profile.accent)):
        raise ProfileError(problem)
    return profile


def changes(wanted: Iterable[Profile], there: Mapping[str, Profile]) -> list[Change]:
    """What taking ``wanted`` would do to the profiles that are ``there``.

    A replaced profile keeps its own ``password_command`` only where address, kind with its options, authority,
    fingerprint, proxy and login stay as they are: else the secret that it prints would go somewhere new.
    """
    found: list[Change] = []
    for profile in wanted:
        before = there.get(profile.name)
        if before is None:
            found.append(Change(profile, None, (), ()))
            continue
        dropped: tuple[str, ...] = ()
        if before.password_command and not profile.password_command:
            if _reaches(before) == _reaches(profile):
                kept = {"password_command": before.password_command, "secret_kind": before.secret_kind}
                profile = profile.model_copy(update=kept)
            else:
                dropped = tuple(before.password_command)
        found.append(Change(profile, before, _differences(before, profile), dropped))
    return found


def _reaches(profile: Profile) -> tuple[object, ...]:
    way = profile.ca_file, profile.fingerprint, profile.proxy
    return profile.url, profile.kind, profile.panel_options, profile.login, *way


def _differences(before: Profile, after: Profile) -> tuple[str, ...]:
    lines: list[str] = []
    for key in Profile.model_fields.keys() - NEVER:
        old, new = getattr(before, key), getattr(after, key)
        if old != new and key != "password_command":
            lines.append(f"{key}: {_shown(old)} → {_shown(new)}")
    return tuple(sorted(lines))


def _shown(value: object) -> str:
    if value is None or value in ("", {}):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in sorted(value.items()))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
