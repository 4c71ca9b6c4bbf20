"""The registry of commands and the keys made from it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from itertools import combinations

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key

import billtui
from billtui.commands import COMMANDS, Danger, Scope, handlers_of, handles, of_scopes
from billtui.keymap import FORBIDDEN, TWINS, bindings_for, keymap_of, problems_of, shown, with_twins

PLACES = {
    "overview": (Scope.OVERVIEW, Scope.GLOBAL),
    "invoices": (Scope.INVOICES, Scope.LIST, Scope.GLOBAL),
    "orders": (Scope.ORDERS, Scope.LIST, Scope.GLOBAL),
    "bulk order": (Scope.BULK, Scope.GLOBAL),
    "jobs": (Scope.JOBS, Scope.LIST, Scope.GLOBAL),
    "balance": (Scope.BALANCE, Scope.LIST, Scope.GLOBAL),
    "settings": (Scope.SETTINGS, Scope.GLOBAL),
    "planner": (Scope.PLANNER, Scope.GLOBAL),
    "cheapest way": (Scope.SOLVER, Scope.LIST, Scope.GLOBAL),
    "line up": (Scope.LINE_UP, Scope.LIST, Scope.GLOBAL),
    "what if": (Scope.WHAT_IF, Scope.LIST, Scope.GLOBAL),
    "transfers": (Scope.TRANSFERS, Scope.LIST, Scope.GLOBAL),
    "tickets": (Scope.TICKETS, Scope.LIST, Scope.GLOBAL),
    "thread": (Scope.THREAD, Scope.TRIAGE, Scope.GLOBAL),
    "agenda": (Scope.AGENDA, Scope.LIST, Scope.GLOBAL),
    "account": (Scope.ACCOUNT, Scope.GLOBAL),
    "sessions": (Scope.SESSIONS, Scope.LIST, Scope.GLOBAL),
    "API keys": (Scope.API_KEYS, Scope.LIST, Scope.GLOBAL),
    "writing": (Scope.COMPOSER,),  # its digits stand before those of the areas: esc leaves first
    "notifications": (Scope.NOTIFICATIONS, Scope.LIST, Scope.GLOBAL),
    "queue": (Scope.QUEUE, Scope.TRIAGE, Scope.LIST, Scope.GLOBAL),
    "thread of staff": (Scope.THREAD, Scope.TRIAGE, Scope.GLOBAL),
    "canned replies": (Scope.CANNED, Scope.LIST, Scope.GLOBAL),
    "shift": (Scope.SHIFT, Scope.GLOBAL),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_key_runs_two_commands_in_one_place(place: str) -> None:
    commands = of_scopes(PLACES[place])
    for first, second in combinations(commands, 2):
        assert not set(first.keys) & set(second.keys), f"{first.id} and {second.id} share a key"


@pytest.mark.parametrize("place", PLACES)
def test_no_twin_hides_another_key(place: str) -> None:
    keys = [key for command in of_scopes(PLACES[place]) for key in with_twins(command.keys)]
    assert len(keys) == len(set(keys))


def test_no_default_key_is_one_that_does_not_arrive() -> None:
    used = {key for command in COMMANDS.values() for key in command.keys}
    assert not used & set(FORBIDDEN)


def test_destructive_commands_need_shift_or_the_palette() -> None:
    for command in COMMANDS.values():
        if command.danger is Danger.DESTRUCTIVE:
            assert all(key.isupper() for key in command.keys), f"{command.id} is one slip away"


def test_every_command_says_what_it_does() -> None:
    for command in COMMANDS.values():
        assert command.title
        assert command.help.endswith(".")
        assert "." in command.id


def test_twins_are_the_same_physical_keys() -> None:
    assert TWINS["q"] == "й"
    assert TWINS["p"] == "з"
    assert TWINS["R"] == "К"
    assert with_twins(["q", "escape"]) == ["q", "й", "escape"]
    assert with_twins(["/", "?", ":", "@"]) == ["/", ".", "?", ",", ":", "Ж", "@", '"']
    assert with_twins(["s", "S", "]"]) == ["s", "ы", "і", "S", "Ы", "І", "]", "ъ", "ї"]


def bound() -> Iterator[tuple[str, Binding]]:
    """Every binding of every screen and widget, as it is written there."""
    for module in pkgutil.walk_packages(billtui.__path__, "billtui."):
        if module.name.startswith("billtui.sandbox") or module.name.endswith("__main__"):
            continue
        for name, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(found, DOMNode) and found.__module__ == module.name:
                for binding in found.__dict__.get("BINDINGS", ()):
                    yield name, binding if isinstance(binding, Binding) else Binding(*binding)


def test_every_key_of_every_screen_and_widget_has_its_twin() -> None:
    """Where the binding has it not beside it, the keymap gives it one by its id."""
    keymap, seen, without = keymap_of({}), 0, []
    signs = {_character_to_key(key): key for key in TWINS}
    for name, binding in bound():
        keys = keymap.get(binding.id or "", binding.key).split(",")
        for key in keys:
            for twin in TWINS.get(signs.get(key, key), ""):
                seen += 1
                if _character_to_key(twin) not in keys:
                    without.append(f"{name}: {binding.key} without {twin}")
    assert not without
    assert seen > 300


def test_bindings_carry_id_and_twins() -> None:
    bindings = {binding.id: binding for binding in bindings_for((Scope.INVOICES, Scope.GLOBAL))}
    assert bindings["invoice.pay"].key == "p,з"
    assert bindings["app.palette"].key == "colon,Ж,ctrl+p"
    assert bindings["app.help"].key == "question_mark,comma"


def test_own_keys_get_their_twins_again() -> None:
    keymap = keymap_of({"invoice.pay": ["x", "ctrl+t"], "no.such": ["z"]})
    assert keymap["invoice.pay"] == "x,ч,ctrl+t"
    assert "no.such" not in keymap
    assert keymap["table.down"] == "down,j,о"  # the table's own keys have twins too
    assert keymap["matrix.left"] == "left,h,р"


def test_own_keys_that_clash_or_never_arrive_are_named() -> None:
    assert problems_of({"invoice.pay": ["Z"]}) == []
    clash = problems_of({"invoice.pay": ["C"]})
    assert any("invoice.combine" in problem and "invoice.pay" in problem for problem in clash)
    assert any("tmux" in problem for problem in problems_of({"invoice.pay": ["ctrl+b"]}))
    assert any("no command" in problem for problem in problems_of({"invoice.pya": ["Z"]}))
    assert any("at least one key" in problem for problem in problems_of({"invoice.pay": []}))


def test_handles_names_only_commands_that_exist() -> None:
    with pytest.raises(KeyError):
        handles("invoice.burn")


def test_the_most_derived_handler_wins() -> None:
    class First:
        @handles("app.back")
        def one(self) -> None: ...

    class Second(First):
        @handles("app.back")
        def two(self) -> None: ...

    assert handlers_of(Second()) == {"app.back": "two"}
    assert handlers_of(First()) == {"app.back": "one"}


def test_keys_are_shown_as_people_write_them() -> None:
    assert shown("escape") == "esc"
    assert shown("ctrl+p") == "^p"
    assert shown("G") == "G"
