"""What writes at once waits for somebody who has seen it: no ``Dialog.confirms`` or ``Command.at_once`` is forgotten.

A test over the syntax tree of the screens. Each function is read from top to bottom: a question that is asked, and
what writes without asking (a plan that is submitted, a single call with a secret, or a function that does so). Where a
question can be the last one before a write, it must confirm; where none is, the command whose key leads there is
``at_once``.
Functions are followed within a module and by what it imports.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import billtui
from billtui.commands import COMMANDS
from billtui.services.account_care import AccountCare
from tests.contracts.sources import tree_of

SOURCE = Path(billtui.__file__).parent
CARE = {name for name in vars(AccountCare) if not name.startswith("_")} - {"api_keys", "sessions"}
"""What an account's security consists of, but for what only reads."""
JOBS = {"resume", "retry_failed", "decide"}
"""Methods of the executor that send what waits, or end what only a person can tell."""
WRITES = {"submit", "give_access", "reveal_access"} | JOBS | CARE
"""Methods of the app, the session and the executor that send something, or say that it was sent."""
ASKED = "that_sends"
"""How one question of a general kind is told to confirm."""
BASES = {"panel_list.py"}
"""Modules whose methods ask for those that inherit them."""
OUTSIDE = {"recovering.py", "door.py", "guide.py"}
"""Before anybody is signed in: a recovery has its own code, and no session to write with."""


def modules() -> dict[Path, ast.Module]:
    """The screens, and the parts of the app."""
    found = sorted({*(SOURCE / "screens").rglob("*.py"), *SOURCE.glob("*.py")})
    return {path: tree_of(path) for path in found if path.name not in OUTSIDE}


Function = ast.FunctionDef | ast.AsyncFunctionDef
TREES = modules()


def dialogs() -> dict[str, bool]:
    """Every question by its name, and whether each of its kind confirms."""
    bases: dict[str, list[str]] = {}
    own: dict[str, bool] = {}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names = [one.value if isinstance(one, ast.Subscript) else one for one in node.bases]
                bases[node.name] = [one.id for one in names if isinstance(one, ast.Name)]
                for line in node.body:
                    target = line.targets[0] if isinstance(line, ast.Assign) else None
                    if isinstance(target, ast.Name) and target.id == "confirms" and isinstance(line, ast.Assign):
                        own[node.name] = ast.literal_eval(line.value)

    def is_dialog(name: str) -> bool:
        return name == "Dialog" or any(map(is_dialog, bases.get(name, [])))

    def confirms(name: str) -> bool:
        return own[name] if name in own else any(map(confirms, bases.get(name, [])))

    return {name: confirms(name) for name in bases if name != "Dialog" and is_dialog(name)}


DIALOGS = dialogs()


class Step(NamedTuple):
    """A question, or a call, in the order of the source."""

    line: int
    name: str
    confirms: bool | None
    """None: a call."""
    perhaps: bool = False
    """Whether it is asked in one case only."""
    of_self: bool = False


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _nodes(function: Function) -> Iterator[ast.AST]:
    """What belongs to a function, with the functions inside it that it hands on."""
    for line in function.body:
        yield from ast.walk(line)


def steps_of(function: Function) -> list[Step]:
    """Questions and calls."""
    nodes = list(_nodes(function))
    told = {
        id(one.func.value)
        for one in nodes
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == ASKED
    }
    perhaps = {id(inner) for one in nodes if isinstance(one, ast.If) for line in one.body for inner in ast.walk(line)}
    later = {
        one.targets[0].value.id
        for one in nodes
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Attribute)
        and one.targets[0].attr == "confirms"
        and isinstance(one.targets[0].value, ast.Name)
    }
    named = {
        id(one.value): one.targets[0].id
        for one in nodes
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.Call) and (name := _name(node)):
            if name in DIALOGS:
                confirms = DIALOGS[name] or id(node) in told or named.get(id(node)) in later
                found.append(Step(node.lineno, name, confirms, id(node) in perhaps))
            else:
                of_self = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self"
                found.append(Step(node.end_lineno or node.lineno, name, None, id(node) in perhaps, of_self))
    return sorted(found, key=lambda one: one.line)


class Known(NamedTuple):
    """A function of the screens."""

    path: Path
    function: Function
    steps: list[Step]

    @property
    def place(self) -> str:
        return f"{self.path.name}:{self.function.lineno} {self.function.name}"


FUNCTIONS = [
    Known(path, node, steps_of(node))
    for path, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, Function) and node.name not in WRITES
]


def imports_of(tree: ast.Module) -> dict[str, Path]:
    """From which module of the screens a name comes."""
    return {
        one.asname or one.name: SOURCE.parent / f"{node.module.replace('.', '/')}.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for one in node.names
    }


IMPORTS = {path: imports_of(tree) for path, tree in TREES.items()}
OWN: dict[Path, set[str]] = {path: set() for path in TREES}
for _known in FUNCTIONS:
    OWN[_known.path].add(_known.function.name)
Place = tuple[Path, str]


def inherited_questions() -> None:
    """A method that is inherited, asks, and gives the answer is a question where it is called."""
    asks = {
        one.function.name: all(step.confirms for step in asked)
        for one in FUNCTIONS
        if one.path.name in BASES and (asked := [step for step in one.steps if step.confirms is not None])
    }
    for known in FUNCTIONS:
        for number, step in enumerate(known.steps):
            if step.of_self and step.name in asks and step.name not in OWN[known.path]:
                known.steps[number] = step._replace(confirms=asks[step.name])


inherited_questions()


def is_write(step: Step, path: Path, writers: set[Place]) -> bool:
    """Whether this call writes without asking."""
    at = path if step.name in OWN[path] else IMPORTS[path].get(step.name)
    return step.confirms is None and (step.name in WRITES or (at is not None and (at, step.name) in writers))


def writes_at_once(known: Known, writers: set[Place]) -> bool:
    """Whether it writes without having asked anything."""
    for step in known.steps:
        if step.confirms is not None:
            return False
        if is_write(step, known.path, writers):
            return True
    return False


def all_writers() -> set[Place]:
    """Everything that writes without asking, and what calls that."""
    writers: set[Place] = set()
    while more := {
        (one.path, one.function.name)
        for one in FUNCTIONS
        if (one.path, one.function.name) not in writers and writes_at_once(one, writers)
    }:
        writers |= more
    return writers


WRITERS = all_writers()


def test_what_writes_is_found() -> None:
    """That the rest of this can fail."""
    names = {name for _, name in WRITERS}
    assert {"carried_out", "change_tickets", "take_tickets"} <= names and "confirm_and_submit" not in names
    assert {"create_api_key", "change_password"} <= CARE and DIALOGS["ConfirmPlan"] and not DIALOGS["Prompt"]
    code = "async def f(app):\n  a = await app.ask(Prompt())\n  app.submit(a)\n"
    [function] = ast.parse(code).body
    assert isinstance(function, ast.AsyncFunctionDef)
    assert [one.confirms for one in steps_of(function)] == [None, False, None]


def test_a_question_behind_which_something_is_sent_confirms() -> None:
    """Law 2 of :mod:`billtui.terminal.typing_gate`: an answer counts only of somebody who could see the question."""
    found = []
    for known in FUNCTIONS:
        last: list[Step] = []
        for step in known.steps:
            if step.confirms is not None:
                last = [*last, step] if step.perhaps else [step]
            elif is_write(step, known.path, WRITERS):
                found += [
                    f"{known.place}: {one.name} in line {one.line}, then {step.name}"
                    for one in last
                    if not one.confirms
                ]
                last = []
    assert not found, "\n".join(found)


def test_a_command_that_writes_without_a_question_is_at_once() -> None:
    found = set()
    for known in FUNCTIONS:
        for mark in known.function.decorator_list:
            if isinstance(mark, ast.Call) and _name(mark) == "handles" and writes_at_once(known, WRITERS):
                ids = [ast.literal_eval(one) for one in mark.args]
                found |= {f"{known.place}: {one}" for one in ids if not COMMANDS[one].at_once}
    assert not found, "\n".join(sorted(found))
