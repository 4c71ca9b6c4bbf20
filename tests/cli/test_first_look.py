"""P-START-1 without a last frame: what profile and settings say stands before the program is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billtui.cli.first_look import first_look
from billtui.cli.opening import frames_of
from billtui.config.paths import config_dir, data_dir
from billtui.config.profiles import ProfileBook, make_profile
from billtui.config.settings import Settings, save_settings
from billtui.terminal.frame_facts import COLOURS, Facts, encode
from tests.support.command_line import environment

URL = "https://panel.example"
HEAVY = {"pydantic", "asyncio", "httpx", "textual", "rich", "sqlite3", "argparse", "dataclasses"}


def add(name: str, **more: object) -> None:
    ProfileBook().add(make_profile(**{"name": name, "url": URL, "login": "anna.holt", **more}))


def kept(name: str) -> None:
    """A last frame of ``name`` as another start left it, with other stamps than the files have now."""
    facts = Facts(name)
    facts.lines = [[("", "12 invoices")]]
    facts.url, facts.login = URL, "anna.holt"
    facts.colours = dict.fromkeys(COLOURS, ("#102030", 17, 4))
    folder = Path(frames_of(str(data_dir())))
    folder.mkdir(mode=0o700, parents=True)
    file = folder / f"{name}.frame"
    file.write_bytes(encode(facts))
    file.chmod(0o600)


def test_the_profile_is_the_one_that_the_program_opens() -> None:
    assert first_look([]) is None, "the guide begins"
    add("one", read_only=True)
    only = first_look([])
    assert only is not None
    assert (only.profile, only.read_only, only.lines) == ("one", True, [])
    add("two")
    assert first_look([]) is None, "which one is said on the shell's screen"
    named = first_look(["-p", "two"])
    assert named is not None
    assert (named.profile, named.read_only) == ("two", False)
    assert first_look(["--profile", "three"]) is None


def test_a_panel_without_a_profile() -> None:
    for words in (["--url", URL], ["--url", URL, "--login", "anna.holt"]):
        found = first_look(words)
        assert found is not None
        assert (found.profile, found.lines) == ("command-line", [])
    assert first_look(["--url", "ftp://panel.example"]) is None
    assert first_look(["--url", URL, "--json"]) is None


def test_what_was_known_of_the_same_login_is_shown_and_of_no_other() -> None:
    add("main")
    kept("main")
    same = first_look([])
    assert same is not None
    assert same.lines
    ProfileBook().add(make_profile(name="main", url=URL, login="kofi.brandt"), replace=True)
    other = first_look([])
    assert other is not None
    assert not other.lines


@pytest.mark.parametrize("text", ["theme = 3\n", "ascii = 'perhaps'\n", "undo_seconds = 9\n", "theme"])
def test_settings_that_say_more_are_read_by_the_program(text: str) -> None:
    add("main")
    (config_dir() / "settings.toml").write_text(text)
    (config_dir() / "settings.toml").chmod(0o600)
    assert first_look([]) is None


def test_plain_settings_are_followed() -> None:
    add("main")
    save_settings(Settings(ascii="on"))
    found = first_look([])
    assert found is not None
    assert found.ascii == "on"


@pytest.mark.parametrize("name", ["profiles.toml", "settings.toml"])
def test_files_open_to_others_are_refused_by_the_program(name: str) -> None:
    add("main")
    save_settings(Settings(ascii="on"))
    (config_dir() / name).chmod(0o644)
    assert first_look([]) is None


def test_it_loads_nothing_of_the_program() -> None:
    add("main")
    code = (
        "import sys; from billtui.cli.first_look import first_look; assert first_look([]) is not None;"
        " print(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60,
        env=environment(HOME=os.environ.get("HOME", "/")),
    )  # fmt: skip
    assert not HEAVY & set(done.stdout.split())
