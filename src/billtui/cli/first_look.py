"""The first frame where no last one holds: what profile and settings say alone, before the program is loaded.

It is the frame that the program would draw itself once it knew its profile (P-START-1); here it stands a hundred
milliseconds earlier. Loads no models. Whatever is not plain (several profiles and none used yet, a broken value, other
arguments) draws nothing: the program says what is wrong, on the shell's own screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.cli.opening import frames_of, last_known
from billtui.config import toml_text
from billtui.config.errors import ConfigError
from billtui.config.paths import config_dir, data_dir
from billtui.config.plain_profiles import PlainProfile, plain_profile, without_profile
from billtui.config.profile_rules import WITHOUT_PROFILE, private_text

if TYPE_CHECKING:
    from billtui.terminal.frame_facts import Facts

_ASCII = ("auto", "on", "off")


def first_look(arguments: list[str]) -> Facts | None:
    """What the first frame says for ``arguments``; ``None`` where the program has to say it."""
    try:
        look = _look()
        profile = _profile(arguments) if look is not None else None
        if look is None or profile is None:
            return None
        theme, ascii_setting = look
        name = "" if "--url" in arguments else profile.name
        found = last_known(frames_of(str(data_dir())), name, theme=theme, url=profile.url, login=profile.login)
    except (ConfigError, OSError, ValueError):
        return None
    found.profile = name or WITHOUT_PROFILE
    found.read_only = profile.read_only
    found.ascii = ascii_setting
    return found


def _profile(arguments: list[str]) -> PlainProfile | None:
    match arguments:
        case []:
            return plain_profile()
        case ["-p" | "--profile", name]:
            return plain_profile(name)
        case ["--url", url]:
            return without_profile(url, "")
        case ["--url", url, "--login", login]:
            return without_profile(url, login)
        case _:
            return None


def _look() -> tuple[str, str] | None:
    """The theme, and whether plain ASCII is wanted; ``None`` where the settings say more than that, or not so."""
    path = config_dir() / "settings.toml"
    content = toml_text.parse(private_text(path), path)
    theme, ascii_setting = content.get("theme", "auto"), content.get("ascii", "auto")
    plain = content.keys() <= {"theme", "ascii"} and isinstance(theme, str) and ascii_setting in _ASCII
    return (str(theme), str(ascii_setting)) if plain else None
