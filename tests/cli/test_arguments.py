"""Taking arguments apart: nothing heavy is loaded, and every error says what to type next."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from billtui.cli import demo, main
from billtui.cli.grammar import GROUPS, VERBS, Verb
from billtui.cli.parser import parse
from billtui.cli.problems import CliError
from billtui.cli.reference import commands_document
from billtui.commands import COMMANDS
from tests.support.command_line import environment

HEAVY = ("textual", "httpx", "pydantic", "rich", "sqlite3", "keyring", "fastapi")


@pytest.mark.parametrize("arguments", [[], ["--version"], ["--help"], ["invoices", "--help"], ["order", "list"]])
def test_importing_and_help_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nimport billtui.cli\n"
        f"arguments = {arguments!r}\n"
        "if arguments: billtui.cli.main(arguments)\n"
        f"sys.stderr.write('\\nloaded:' + ','.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=30, check=True
    )
    assert done.stderr.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_its_code_and_its_help(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    module, _, name = verb.run.partition(":")
    assert inspect.isfunction(getattr(importlib.import_module(f"billtui.cli.verbs.{module}"), name))
    assert main([*verb.path, "--help"]) == 0
    said = capsys.readouterr().out
    if not verb.raw:
        for option in verb.all_options():
            assert option.names[-1] in said or option.positional
    assert f"billtui {verb.name}" in commands_document()


def test_every_verb_that_the_program_names_exists() -> None:
    names = {verb.name for verb in VERBS} | set(GROUPS)
    named = {command.verb.removeprefix("billtui ") for command in COMMANDS.values() if command.verb}
    assert named
    assert named - names == set()


def test_common_options_stand_before_or_behind_the_verb() -> None:
    before = parse(["--profile", "work", "--json", "invoices", "list"])
    behind = parse(["invoices", "list", "--profile", "work", "--json"])
    between = parse(["invoices", "--json", "list", "-p", "work"])
    assert (before.profile, before.json) == (behind.profile, behind.json) == (between.profile, between.json)
    assert before.json is True
    assert parse(["invoices", "list"]).json is False


def test_a_group_with_a_default_runs_it_and_others_say_what_there_is() -> None:
    assert parse(["balance", "--json"]).verb.name == "balance show"
    with pytest.raises(CliError) as refused:
        parse(["jobs"])
    assert "resume" in refused.value.problem.more["hint"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["invoces", "list"], "billtui invoices"),
        (["orders", "lst"], "billtui orders list"),
        (["orders", "renew", "1"], "--period"),
        (["orders", "list", "--limit", "0"], "1 or more"),
        (["orders", "list", "--limit", "many"], "whole number"),
        (["orders", "list", "--sort", "colour"], "ends"),
        (["orders", "list", "--nonsense"], "--nonsense"),
        (["invoices", "pay", "5"], "--method"),
        (["--fleet", "5"], "--demo"),
        (["invoices", "list", "--reset"], "--reset"),
        (["--demo", "--url", "http://127.0.0.1:1"], "exclude"),
        (["--login", "x", "invoices", "list"], "--url"),
    ],
)
def test_a_wrong_command_line_is_exit_2_with_the_next_step(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert main([*arguments, "--json"]) == 2
    error = json.loads(capsys.readouterr().err)
    assert error["exit"] == 2
    assert error["retryable"] is False


def test_abbreviated_options_are_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    """``--ye`` must never become ``--yes``."""
    assert main(["invoices", "pay", "5", "--method", "internal", "--ye"]) == 2
    assert "--ye" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from billtui import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"billtui {__version__}\n"


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("orders list --nosuch", "billtui orders list"),
        ("accounts --nosuch", "billtui accounts show"),
        ("--nosuch", "billtui"),
    ],
)
def test_an_option_that_is_not_there_leads_to_the_help_of_its_verb(line: str, where: str) -> None:
    with pytest.raises(CliError, match="Unrecognized arguments: --nosuch") as caught:
        parse(line.split())
    assert caught.value.problem.more["hint"] == f"See: {where} --help"


@pytest.mark.parametrize(
    ("log", "free", "said"),
    [
        ("", 4_096, "no space is left at "),
        ("", 2**30, "it said nothing. Its log is "),
        ("Bad.\n", 0, "Bad. Its log is "),
    ],
)
def test_a_demo_on_a_full_disk_says_that_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, free: int, said: str
) -> None:
    (tmp_path / "panel.log").write_text(log)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    assert demo._last_words(tmp_path).startswith(said)
