"""The program's settings: one TOML file, checked value by value, changed without losing what it does not know.

Money limits are Decimal; TOML numbers with a point are read exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from billtui.config import toml_text
from billtui.config.errors import ConfigError, SettingsError
from billtui.config.paths import check_private_dir, config_dir, locked, read_private, write_private

Switch = Literal["auto", "on", "off"]

_KEY = re.compile(r"[^\s,\x00-\x1f\x7f]+")


def _keys(value: list[str]) -> list[str]:
    if not all(_KEY.fullmatch(key) for key in value):
        raise ValueError
    return value


KeyList = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10), AfterValidator(_keys)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}$")]


class Settings(BaseModel):
    """What a person can set for the whole program; each description says what is allowed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, strict=True)

    theme: Name = Field("auto", description='the name of a theme, or "auto"')
    ascii: Switch = Field("auto", description='"auto" (by the locale), "on" or "off"')
    mouse: bool = Field(True, description="true or false")
    door: Switch = Field("auto", description='"auto", "on" or "off"')
    """Whether only the cells that changed are written to the terminal."""
    confirm_limit: Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=12, decimal_places=2, strict=False)] = Field(
        Decimal(100),
        description="an amount from 0 to 1000000 in the account's currency, at most 2 decimal places",
    )
    confirm_items: int = Field(10, ge=1, le=1000, description="a whole number from 1 to 1000")
    undo_seconds: int = Field(5, ge=0, le=60, description="a whole number of seconds from 0 to 60")
    next_ticket: bool = Field(True, description="true or false")
    """Support: after an answer, a hand-over or a close the next ticket opens by itself."""
    refresh_seconds: int = Field(30, ge=5, le=3600, description="a whole number of seconds from 5 to 3600")
    keys: dict[Name, KeyList] = Field({}, description='under [keys]: command = ["key", …], e.g. "invoice.pay" = ["p"]')
    columns: dict[Name, list[Name]] = Field({}, description='under [columns]: list = ["column", …]')


class Loaded(NamedTuple):
    """Settings as read, with one line for each key that is not known (kept, but without effect)."""

    settings: Settings
    warnings: list[str]


def settings_file() -> Path:
    """Where the settings are."""
    return config_dir() / "settings.toml"


def load_settings(path: Path | None = None) -> Loaded:
    """Read the settings; a missing file means the defaults.

    Raises SettingsError naming file, line, key and what is allowed; UnsafePath for a file that others can touch.
    """
    path = path or settings_file()
    text = _read(path)
    try:
        content = toml_text.parse(text, path)
    except ConfigError as error:
        raise SettingsError([str(error)]) from None
    lines = toml_text.locate(text)
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        raise SettingsError(sorted(set(_problems(error, path, lines)))) from None
    unknown = [key for key in content if key not in Settings.model_fields]
    return Loaded(
        settings, [f"{_place(path, lines, (key,))}: {key!r} is not a setting; kept as it is." for key in unknown]
    )


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write what differs from the file; comments, order and unknown keys stay. Defaults are not spelled out.

    Raises SettingsError when the file at hand is broken: it is never overwritten with less than it held.
    """
    path = path or settings_file()
    with locked(path):
        before = load_settings(path).settings
        text = _read(path)
        wanted = dict(toml_text.parse(text, path))
        for key in Settings.model_fields:
            new, default = getattr(settings, key), Settings.model_fields[key].default
            if new == getattr(before, key):
                continue
            if new == default:
                wanted.pop(key, None)
            else:
                wanted[key] = new
        write_private(path, toml_text.edit(text, wanted).encode())


def _read(path: Path) -> str:
    try:
        check_private_dir(path.parent)
        return read_private(path, 1024 * 1024).decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: not UTF-8 at byte {error.start}."]) from None


def _problems(error: ValidationError, path: Path, lines: Mapping[toml_text.KeyPath, toml_text.Span]) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        key = tuple(str(part) for part in problem["loc"] if part != "[key]")
        allowed = Settings.model_fields[key[0]].description
        shown = ".".join(part for part in key if not part.isdigit())
        yield f"{_place(path, lines, key)}: {shown} must be {allowed}."


def _place(path: Path, lines: Mapping[toml_text.KeyPath, toml_text.Span], key: tuple[str, ...]) -> str:
    for length in range(len(key), 0, -1):
        if (span := lines.get(key[:length])) is not None:
            return f"{path}, line {span.start + 1}"
    return str(path)
