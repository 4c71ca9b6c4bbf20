"""Keys: the defaults of the commands, a person's own keys over them, and their twins on a Cyrillic layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.binding import Binding
from textual.keys import _character_to_key

from billtui.commands import COMMANDS, Command, Scope, of_scopes

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,." + 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбю" + "ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
_SIGNS = {"/": ".", "?": ",", "@": '"', "#": "№", ":": "Ж", "[": "х", "]": "ъї", ">": "Ю", "s": "і", "S": "І"}
"""Signs that the layout has elsewhere, and where the Ukrainian one differs from the Russian one."""
TWINS: dict[str, str] = {
    key: letter + _SIGNS.get(key, "") for key, letter in zip(_LATIN, _CYRILLIC, strict=True) if key.isalpha()
} | {key: letters for key, letters in _SIGNS.items() if not key.isalpha()}
"""What the same physical key types on the ЙЦУКЕН layout, Ukrainian after Russian where they differ."""

FORBIDDEN: dict[str, str] = {
    "ctrl+h": "the same byte as backspace",
    "ctrl+i": "the same byte as tab",
    "ctrl+j": "the same byte as enter",
    "ctrl+m": "the same byte as enter",
    "ctrl+b": "tmux takes it",
    "ctrl+a": "screen takes it",
    "ctrl+s": "stops some terminals",
    "f1": "many terminals take it",
    "f10": "many terminals take it",
    "f11": "many terminals take it",
}
"""Keys that do not arrive, or arrive as another key."""

OF_WIDGETS = ("table.", "matrix.", "thread.")
"""Ids of commands that are a widget's own bindings."""


def with_twins(keys: Iterable[str]) -> list[str]:
    """``keys`` and their twins on a Cyrillic layout; a key of their own is no twin."""
    keys = list(keys)
    result: list[str] = []
    for key in keys:
        result.append(key)
        result += [twin for twin in TWINS.get(key, "") if twin not in keys]
    return result


def _normal(key: str) -> str:
    """Textual's name of a key: ``?`` is ``question_mark``; a comma must not split the list."""
    return _character_to_key(key) if len(key) == 1 else key


def bindings_for(scopes: Iterable[Scope]) -> list[Binding]:
    """Textual bindings of all commands of ``scopes`` but the widgets' own; the first scope wins a key."""
    taken: set[str] = set()
    result: list[Binding] = []
    for command in of_scopes(scopes):
        if command.id.startswith(OF_WIDGETS):
            continue
        keys = [key for key in map(_normal, with_twins(command.keys)) if key not in taken]
        if not keys:
            continue
        taken |= set(keys)
        result.append(Binding(",".join(keys), f"run_command('{command.id}')", command.title, show=False, id=command.id))
    return result


Overrides = Mapping[str, Sequence[str]]
"""A person's own keys: command id → keys, as in the settings under ``[keys]``."""


def keymap_of(overrides: Overrides) -> dict[str, str]:
    """A person's own keys as Textual's keymap, twins added again; the widgets' keys get their twins here too."""
    of_widgets = {command.id: command.keys for command in COMMANDS.values() if command.id.startswith(OF_WIDGETS)}
    in_force = {**of_widgets, **{name: keys for name, keys in overrides.items() if name in COMMANDS}}
    return {name: ",".join(map(_normal, with_twins(keys))) for name, keys in in_force.items() if keys}


def problems_of(overrides: Overrides) -> list[str]:
    """What is wrong with a person's own keys, a sentence each; empty if they can be used."""
    problems: list[str] = []
    in_force = {command.id: [_normal(key) for key in command.keys] for command in COMMANDS.values()}
    for command_id, keys in overrides.items():
        if command_id not in COMMANDS:
            problems.append(f"keys: there is no command “{command_id}”; `billtui keys` lists them")
            continue
        if not keys:
            problems.append(f"keys: {command_id} needs at least one key")
            continue
        problems += [
            f"keys: {key} for {command_id} cannot be used: {FORBIDDEN[key]}" for key in keys if key in FORBIDDEN
        ]
        in_force[command_id] = [_normal(key) for key in keys]
    for first_id, first in COMMANDS.items():
        for second_id, second in COMMANDS.items():
            if first_id < second_id and {first_id, second_id} & set(overrides) and _meet(first, second):
                problems += [
                    f"keys: {key} is both {first_id} and {second_id}; give one of them another key"
                    for key in sorted(set(in_force[first_id]) & set(in_force[second_id]))
                ]
    return problems


def _meet(first: Command, second: Command) -> bool:
    everywhere = {Scope.GLOBAL, Scope.LIST}
    return first.scope is second.scope or first.scope in everywhere or second.scope in everywhere


_SHOWN = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "down": "↓", "up": "↑", "space": "space"}


def shown(key: str) -> str:
    """A key as a person reads it: ``escape`` is ``esc``."""
    return _SHOWN.get(key, key.replace("ctrl+", "^"))


def runs(key: str, command: Command, overrides: Overrides) -> bool:
    """Whether Textual's ``key`` is one of those in force for ``command``, twins included."""
    return key in map(_normal, with_twins(keys_of(command, overrides)))


def keys_of(command: Command, overrides: Overrides) -> tuple[str, ...]:
    """The keys in force for ``command``."""
    own = overrides.get(command.id)
    return command.keys if not own else tuple(own)
