"""``billtui password recover`` and what ``login`` asks: in two steps, neutral, no secret shown or an argument."""

from __future__ import annotations

import os
from pathlib import Path

import pyotp
import pytest

from tests.support.command_line import PASSWORD, process
from tests.support.on_terminal import OnTerminal
from tests.support.sandbox import SandboxProcess

NEW = "kestrel-over-marsh-7"
LATER = "heron-over-marsh-88"


def add_profile(panel: SandboxProcess, login: str) -> None:
    """The one profile."""
    assert process("profile", "add", "work", "--url", panel.url, "--login", login, "--json").code == 0


def new_code(panel: SandboxProcess, email: str) -> str:
    """The code of the newest recovery mail."""
    mails = [one for one in panel.mail() if one["to"] == email and one["event"] == "password-recovery"]
    return str(mails[-1]["code"])


def status_of(panel: SandboxProcess, login: str, password: str) -> int:
    """What the panel answers to a sign-in."""
    return panel.call("POST", "/api/v1/sessions", {"login": login, "password": password})[0]


def test_in_scripts_it_takes_two_steps(command_panel: SandboxProcess) -> None:
    """ACC-3: the same document for every address; then code and password by standard input."""
    add_profile(command_panel, "olena.marsh")
    email = "olena@marsh-hosting.example"
    answers = []
    for address in (email, "nobody@nowhere.example"):
        asked = process("password", "recover", "--email", address, "--json")
        assert asked.code == 0, asked
        answers.append(asked.out)
    assert answers[0] == answers[1]
    code = new_code(command_panel, email)
    weak = process("password", "recover", "--code-stdin", "--json", stdin=f"{code}\nshort\n")
    assert (weak.code, weak.error["code"], weak.error["rule"]) == (2, "password-weak", "ACC-2")
    done = process("password", "recover", "--code-stdin", "--json", stdin=f"{code}\n{NEW}\n")
    assert done.json["changed"] is True
    assert status_of(command_panel, "olena.marsh", NEW) == 201
    again = process("password", "recover", "--code-stdin", "--json", stdin=f"{code}\n{LATER}\n")
    assert (again.code, again.error["code"], again.error["rule"]) == (5, "recovery-code-used", "ACC-3")
    assert "was used already" in again.error["detail"]
    unknown = process("password", "recover", "--code-stdin", "--json", stdin=f"AAAA-BBBB\n{LATER}\n")
    assert unknown.error["code"] == "recovery-code-unknown"
    for result in (weak, done, again, unknown):
        assert not any(secret in result.out + result.err for secret in (code, NEW, LATER))


def test_on_a_terminal_it_asks_and_shows_nothing(command_panel: SandboxProcess) -> None:
    add_profile(command_panel, "kofi.brandt")
    email = next(one["email"] for one in command_panel.accounts if one["login"] == "kofi.brandt")
    with OnTerminal("password", "recover") as terminal:
        terminal.until("Primary e-mail")
        terminal.type(email)
        terminal.until("Code from the mail")
        code = new_code(command_panel, email)
        terminal.type(code)
        terminal.until("10 characters or more")
        terminal.until("New password")
        terminal.type(NEW)
        terminal.until("once more")
        terminal.type(NEW)
        assert terminal.end() == 0
        assert "The new password is set" in terminal.output
        assert code not in terminal.output
        assert NEW not in terminal.output
    assert status_of(command_panel, "kofi.brandt", NEW) == 201
    assert not [path for path in Path(os.environ["BILLTUI_STATE_DIR"]).rglob("*") if path.name == "journal.db"]


def test_a_slip_sends_nothing(command_panel: SandboxProcess) -> None:
    add_profile(command_panel, "kofi.brandt")
    before = len(command_panel.mail())
    for arguments, stdin in (
        (("--email", "kofi.brandt"), None),
        (("--email", "a@b.example", "--code-stdin"), "x\ny\n"),
        ((), None),
    ):
        refused = process("password", "recover", *arguments, "--json", stdin=stdin)
        assert refused.code == 2, refused
    assert len(command_panel.mail()) == before
    with OnTerminal("password", "recover") as terminal:
        terminal.until("Primary e-mail")
        terminal.type("")
        terminal.until("Code from the mail")
        terminal.type("AAAA-BBBB")
        terminal.until("New password:")
        terminal.type(NEW)
        terminal.until("once more")
        terminal.type(LATER)
        assert terminal.end() == 2
        assert "The two entries differ" in terminal.output


def test_a_lost_answer_is_exit_9_and_says_how_to_see(command_panel: SandboxProcess) -> None:
    """ACC-3: never repeated."""
    email = next(one["email"] for one in command_panel.accounts if one["login"] == "kofi.brandt")
    add_profile(command_panel, "kofi.brandt")
    assert process("password", "recover", "--email", email, "--json").code == 0
    code = new_code(command_panel, email)
    command_panel.faults({"kind": "drop-after", "times": 1, "path": "/password-recovery/confirm"})
    lost = process("password", "recover", "--code-stdin", "--json", stdin=f"{code}\n{LATER}\n")
    command_panel.faults()
    assert (lost.code, lost.error["code"]) == (9, "outcome-unknown")
    assert "Sign in with the new password to see" in lost.error["detail"]
    assert status_of(command_panel, "kofi.brandt", LATER) == 201


def test_a_wrong_code_of_the_second_factor_is_asked_for_again(command_panel: SandboxProcess) -> None:
    """ACC-6: the password is not typed twice for it; nothing that is typed is shown, also with --password-stdin."""
    mei = next(one for one in command_panel.accounts if "totp_secret" in one)
    add_profile(command_panel, "mei.tanaka")
    with OnTerminal("login", "--password-stdin") as login:
        login.until("Password: ")
        login.type(PASSWORD)
        login.until("Code of the second factor")
        login.type("000000")
        login.until("is wrong")
        login.until("Code of the second factor")
        code = pyotp.TOTP(mei["totp_secret"]).now()
        login.type(code)
        login.until("New passphrase")
        login.type("")
        assert login.end() == 3
        assert "cannot be kept" in login.output
        assert PASSWORD not in login.output
        assert code not in login.output


@pytest.mark.parametrize("tries", [5])
def test_a_locked_login_says_until_when(command_panel: SandboxProcess, tries: int) -> None:
    """ACC-6: for scripts as an instant, since a wait of minutes is not slept through."""
    assert process("profile", "add", "locked", "--url", command_panel.url, "--login", "nobody.here", "--json").code == 0
    for _ in range(tries):
        status_of(command_panel, "nobody.here", "wrong-password")
    locked = process("login", "--password-stdin", "--json", stdin="wrong-password\n")
    assert (locked.code, locked.error["code"], locked.error["rule"]) == (3, "locked-out", "ACC-6")
    assert locked.error["available_from"].endswith("Z")
