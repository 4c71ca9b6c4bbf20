"""What the documents name is there: verbs, options, ./dev, files, links, variables, settings, commands, keys."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import billtui
from billtui.cli.grammar import GROUPS, PROGRAM_OPTIONS, VERBS, Option, Verb
from billtui.client.drivers.capabilities import CAPABILITIES
from billtui.commands import COMMANDS
from billtui.config.settings import Settings
from billtui.keymap import shown
from billtui.sandbox.serve import _parser
from billtui.services.plans import OperationKind

SOURCE = Path(billtui.__file__).parent
ROOT = SOURCE.parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in DOCUMENTS}
_CODE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"^(?: {4}|\$ )(.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_END = re.compile(r"\||&&|;|(?<!\S)#|(?<!\S)&(?!\S)| {3,}|…|·|\.\.\.")
_BY_PATH = {verb.path: verb for verb in VERBS}


def code_of(text: str) -> Iterator[str]:
    """Everything that a document shows as code, line by line."""
    yield from _CODE.findall(text)
    yield from _BLOCK.findall(text)
    for block in _FENCED.findall(text):
        yield from block.splitlines()


def commands_of(text: str) -> Iterator[list[str]]:
    """The words behind each ``billtui`` that is shown as a command."""
    for line in code_of(text):
        for found in re.finditer(r"(?:^|(?<=&& )|(?<=; )|(?<=\| )|(?<=\$\())(?:\./dev run|billtui)(?= |$)", line):
            rest = line[found.end() :]
            end = _END.search(rest)
            try:
                yield shlex.split(rest[: end.start()] if end else rest)
            except ValueError:
                yield rest.split()


def names_of(options: tuple[Option, ...]) -> dict[str, Option]:
    """Option by each of its names."""
    return {name: option for option in options for name in option.names}


def wrong_in(words: list[str]) -> str:
    """What of a command line does not exist; empty if all of it does."""
    known, at = names_of(PROGRAM_OPTIONS), 0
    while at < len(words) and words[at].startswith("-"):
        option = known.get(words[at].partition("=")[0])
        if option is None and words[at] not in ("--help", "-h"):
            return words[at]
        at += 2 if option is not None and option.takes_value and "=" not in words[at] else 1
    rest = words[at:]
    if not rest or not re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        return ""
    path = next((tuple(rest[:n]) for n in (2, 1) if tuple(rest[:n]) in _BY_PATH), ())
    some: tuple[Verb, ...] = (_BY_PATH[path],) if path else tuple(verb for verb in VERBS if verb.path[0] == rest[0])
    if not path and (rest[0] not in GROUPS or (len(rest) > 1 and re.fullmatch(r"[a-z][a-z-]*", rest[1]))):
        return " ".join(rest[:2])
    allowed = {*known, "--help", "-h"}.union(*(names_of(verb.all_options()) for verb in some))
    if path == ("sandbox", "serve"):
        allowed |= set(_parser("serve")._option_string_actions)
    return next((word for word in rest[len(path) :] if re.match(r"--?[a-z]", word) and _name(word) not in allowed), "")


def _name(word: str) -> str:
    return word.partition("=")[0]


def test_the_search_finds_commands_and_what_is_wrong_in_them() -> None:
    found = [words for text in TEXTS.values() for words in commands_of(text)]
    assert len(found) > 250
    assert ["orders", "renew", "17", "18", "19", "--period", "1", "--pay", "internal", "--yes"] in [
        one[:10] for one in found
    ]
    assert wrong_in(["orders", "renew", "17", "--perid", "1"]) == "--perid"
    assert wrong_in(["orders", "renwe", "17"]) == "orders renwe" and wrong_in(["order"]) == ""
    assert wrong_in(["--dmo"]) == "--dmo" and wrong_in(["--profile", "lab", "invoices", "list", "--json"]) == ""


@pytest.mark.parametrize("name", TEXTS)
def test_every_verb_and_option_exists(name: str) -> None:
    assert [wrong for words in commands_of(TEXTS[name]) if (wrong := wrong_in(words))] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_of_dev_exists(name: str) -> None:
    there = set(re.findall(r"^([a-z]+)\)", (ROOT / "dev").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "check"} <= there
    assert {word for line in code_of(TEXTS[name]) for word in re.findall(r"\./dev ([a-z]+)", line)} <= there


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        place = (ROOT / name).parent / file if file else ROOT / name
        if not place.exists() or (
            anchor and anchor not in map(_slug, re.findall(r"^#+ (.+)$", place.read_text("utf-8"), re.MULTILINE))
        ):
            lost.append(target)
    assert lost == []


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Every file of the project, its path beginning with a slash."""
    folders = ("src", "tests", "docs", "bench", "scripts", ".github")
    found = [file for folder in folders for file in (ROOT / folder).rglob("*") if "__pycache__" not in file.parts]
    return ["/" + file.relative_to(ROOT).as_posix() for file in [*found, *ROOT.glob("*")]]


OF_ANOTHER_PANEL = {"docs/billmgr.md", "docs/billmanager.md"}
"""They name that panel's own functions, such as ``ticket.edit``."""
OF_OTHERS = {"profiles.toml", "settings.toml"}
"""Files that the program writes, or a person does: they are not the project's."""


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_of_the_project_that_is_named_is_there(name: str, files: list[str]) -> None:
    lost = []
    for code in _CODE.findall(TEXTS[name]):
        file = code.partition("::")[0].rstrip("/").removeprefix("./")
        ours = re.fullmatch(r"(?:src|tests|docs|bench|scripts)/[\w./*-]+|[\w./-]+\.py", file)
        if ours is None or "*" in file or file in OF_OTHERS or "/results/" in file:
            continue
        if not any(one.endswith("/" + file) for one in files):
            lost.append(code)
    assert lost == []


@pytest.fixture(scope="module")
def code() -> str:
    """All that reads variables."""
    places = [*SOURCE.rglob("*.py"), *(ROOT / "tests").glob("*/*.py"), *(ROOT / "bench").glob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in [ROOT / "dev", *places])


@pytest.mark.parametrize("name", TEXTS)
def test_every_variable_is_read_somewhere(name: str, code: str) -> None:
    assert [one for one in set(re.findall(r"BILLTUI_[A-Z_]+", TEXTS[name])) if one not in code] == []


def test_every_setting_is_described() -> None:
    told = set(_CODE.findall(TEXTS["docs/configuration.md"]))
    block = re.findall(r"^(?: {4})?(\w+) = ", TEXTS["docs/configuration.md"], re.MULTILINE)
    assert set(Settings.model_fields) <= {one.strip("[]") for one in told} | set(block)


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in OF_ANOTHER_PANEL])
def test_every_command_that_is_named_by_its_id_exists(name: str) -> None:
    first = {command.partition(".")[0] for command in COMMANDS}
    named = {code for code in _CODE.findall(TEXTS[name]) if re.fullmatch(r"[a-z]+\.[a-z_]+", code)}
    ids = {code for code in named if code.partition(".")[0] in first and not code.endswith((".py", ".md", ".toml"))}
    assert ids <= {*COMMANDS, *CAPABILITIES, *OperationKind}


def test_the_keys_of_the_first_page_are_bound() -> None:
    table = TEXTS["README.md"].partition("## Keys")[2].partition("\n## ")[0]
    named = {key for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for key in _CODE.findall(row)}
    bound = {shown(key) for command in COMMANDS.values() for key in command.keys}
    assert len(named) > 40 and set(map(shown, named)) <= bound
