"""Verbs as processes, with a canary in every secret: process lists, children, files, both streams (RELIABILITY)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billtui.cli.grammar import VERBS
from billtui.config.paths import write_private
from tests.secrecy.scene import Scene
from tests.secrecy.wiretap import spiteful
from tests.support.command_line import PASSWORD
from tests.support.driving import Panel
from tests.support.handing_over import RECIPIENT, RECIPIENT_ID, SENDER, code_of, free_orders, links
from tests.support.secret_service import SecretService


@pytest.fixture
def keyring() -> Iterator[dict[str, str]]:
    """A keyring that works, outside of the scene's directories: what is kept in it is nobody's leak."""
    with SecretService("works") as service:
        yield {"DBUS_SESSION_BUS_ADDRESS": service.address, "PYTHON_KEYRING_BACKEND": ""}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that is not searched: where a person keeps secrets of their own."""
    (tmp_path / "outside").mkdir(mode=0o700)
    return tmp_path / "outside"


def new_password(scene: Scene, sandbox_login: str = SENDER) -> str:
    """A password of ours, set over the wire."""
    token = scene.sandbox.sign_in(sandbox_login)
    new = scene.new("password")
    body = {"current_password": PASSWORD, "new_password": new}
    status, answer = scene.sandbox.call("POST", "/api/v1/me/password", body, token=token)
    assert status == 204, answer
    return new


def document(text: str) -> Any:
    return json.loads(text)


def test_every_way_to_hand_a_password_in(scene: Scene, keyring: dict[str, str], outside: Path) -> None:
    """Standard input, a file, a command, systemd, the environment: none is seen anywhere; wrong ones neither."""
    password = new_password(scene)
    scene.add_profile()
    file = outside / "password"
    write_private(file, password.encode() + b"\n")
    scene.run("login", "--profile", "main", "--password-stdin", stdin=f"{password}\n", variables=keyring)
    scene.run("whoami", "--profile", "main", variables=keyring)
    scene.run("logout", "--profile", "main", variables=keyring)
    scene.run("login", "--profile", "main", "--password-file", str(file), variables=keyring)
    scene.run("logout", "--profile", "main", variables=keyring)
    wrong = scene.new("wrong password")
    scene.run("login", "--profile", "main", "--password-stdin", stdin=f"{wrong}\n", variables=keyring, code=3)

    scene.add_profile(password_command=[sys.executable, "-c", COMMAND.format(str(file))])
    scene.run("orders", "list", "--profile", "main")
    scene.run("login", "--profile", "main", variables=keyring)  # the command comes before a question
    scene.run("logout", "--profile", "main", variables=keyring)

    scene.add_profile()
    write_private(outside / "billtui-main", password.encode() + b"\n")
    scene.run("orders", "list", "--profile", "main", variables={"CREDENTIALS_DIRECTORY": str(outside)})
    scene.run("orders", "list", "--profile", "main", variables={"BILLTUI_PASSWORD": password})
    scene.run("orders", "list", "--url", scene.tap.url, "--login", SENDER, variables={"BILLTUI_PASSWORD": password})
    token = scene.canaries.plant("token", scene.sandbox.call(
        "POST", "/api/v1/sessions", {"login": SENDER, "password": password})[1]["token"])  # fmt: skip
    scene.run("orders", "list", "--url", scene.tap.url, variables={"BILLTUI_TOKEN": token})
    scene.run("doctor", "--json", variables={"BILLTUI_TOKEN": token, "BILLTUI_PASSWORD": password})
    assert any("billtui.config.keyring_process" in line for line in scene.watch.seen.values()), "the keyring's process"
    assert file.with_name("password.asked").exists(), "the password command"
    assert scene.leaks() == {}


def test_the_life_of_an_account(scene: Scene, keyring: dict[str, str]) -> None:
    """A password changed, a key made, used and ended: what is shown once is on the terminal only."""
    password = new_password(scene)
    scene.add_profile()
    here = ("--profile", "main")
    scene.run("login", *here, "--password-stdin", stdin=f"{password}\n", variables=keyring)
    out, _ = scene.run("account", "key-new", "for-backups", *here, "--password-stdin", stdin=f"{password}\n",
                       variables=keyring)  # fmt: skip
    [key] = [value for name, value in scene.canaries.secrets.items() if name.startswith("secret")]
    assert key in out, "printed once"
    scene.run("account", "keys", *here, "--json", variables=keyring)
    scene.run("whoami", "--url", scene.tap.url, variables={"BILLTUI_TOKEN": key})
    newer = scene.new("new password")
    wrong = scene.new("wrong password")
    scene.run("password", "change", *here, "--password-stdin", stdin=f"{wrong}\n{newer}\n", variables=keyring, code=3)
    scene.run("password", "change", *here, "--password-stdin", stdin=f"{password}\n{newer}\n", variables=keyring)
    scene.run("account", "key-revoke", "for-backups", *here, "--password-stdin", stdin=f"{newer}\n", variables=keyring)
    scene.tap.fault = spiteful
    scene.run("password", "change", *here, "--password-stdin", stdin=f"{newer}\n{password}x\n", variables=keyring,
              code=5)  # fmt: skip
    scene.tap.fault = None
    assert {"secret", "token", "password", "new password", "wrong password"} <= scene.canaries.kinds()
    assert scene.leaks() == {}


def test_orders_change_hands(scene: Scene, keyring: dict[str, str]) -> None:
    """The codes of both mails: in no journal, plan, store, log or process list, wrong ones and echoed ones neither."""
    sandbox = scene.sandbox
    [order] = free_orders(Panel(sandbox, sandbox.sign_in(SENDER)), 1)
    variables = {"BILLTUI_PASSWORD": scene.canaries.plant("password", PASSWORD)}
    sender = ("--url", scene.tap.url, "--login", SENDER)
    recipient = ("--url", scene.tap.url, "--login", RECIPIENT)
    scene.run("transfers", "push", f"id:{order['id']}", "--to-login", RECIPIENT, "--to-id", RECIPIENT_ID, "--yes",
              *sender, variables=variables)  # fmt: skip
    [link] = links(sandbox, SENDER, "Order Transfer Confirmation")[-1:]
    scene.canaries.plant("transfer code", code_of(link))
    name = f"order:{order['id']}"
    wrong = scene.new("wrong code")
    confirm = ("transfers", "confirm", name, "--code-stdin", "--yes")
    scene.run(*confirm, *sender, stdin=f"{wrong}\n", variables=variables, code=5)
    scene.run(*confirm, *sender, stdin=f"{code_of(link)}\n", variables=variables)
    [link] = links(sandbox, RECIPIENT, "Order Acceptance Confirmation")[-1:]
    scene.canaries.plant("transfer code", code_of(link))
    accept = ("transfers", "accept", "--link-stdin", "--yes")
    scene.run(*accept, *recipient, stdin=f"{scene.here(link)}\n", variables=variables)
    scene.run("jobs", "list", "--json", *recipient, variables=variables)
    assert scene.leaks() == {}


COMMAND = "open({0!r} + '.asked', 'a').close(); print(open({0!r}).read())"
"""A password command that leaves a sign of having run."""
SECRET_WORDS = ("password", "token", "secret", "code", "passphrase", "totp", "pin", "credential")
HANDED_IN = ("-stdin", "-file", "-command", "-kind")


def test_no_argument_takes_a_secret() -> None:
    """Arguments are in the list of processes and in the shell's history: secrets never are arguments."""
    seen = 0
    for verb in VERBS:
        for one in verb.options:
            for flag in one.names:
                words = flag.lower().replace("_", "-").strip("-").split("-")
                if not set(words) & {*SECRET_WORDS, *(f"{word}s" for word in SECRET_WORDS)}:
                    continue
                seen += 1
                assert flag.endswith(HANDED_IN), f"{' '.join(verb.path)} {flag}"
    assert seen >= 4, "the check sees the flags there are"


def test_the_environment_is_clean_for_what_the_program_starts(scene: Scene) -> None:
    """An editor, a pager or a shell that the program starts has none of our variables (the control has them)."""
    code = (
        "import os, subprocess, sys\nfrom billtui.cli.context import Context\n"
        "from billtui.config.secret_sources import take_environment\n{take}\n"
        "subprocess.run([sys.executable, '-c', 'import os; print(\"BILLTUI_TOKEN\" in os.environ)'])\n"
    )
    for take, expected in (("take_environment()", "False"), ("", "True")):
        token = scene.new("token")
        with scene.program(code=code.format(take=take), variables={"BILLTUI_TOKEN": token}, watched=False) as terminal:
            terminal.wait_end(20)
        assert expected.encode() in scene.outputs[-1]


def test_histories_of_shells_are_not_written(scene: Scene) -> None:
    """A question asked on a terminal is no line of any history, Python's own included."""
    scene.add_profile()
    password = scene.canaries.plant("password", PASSWORD)
    with scene.program("login", "--profile", "main") as terminal:
        terminal.wait_for(b"Password of")
        terminal.send(password.encode() + b"\n")
        terminal.wait_for(b"New passphrase")
        terminal.send(scene.new("passphrase").encode() + b"\n")
        terminal.wait_for(b"once more")
        terminal.send(scene.canaries.secrets["passphrase"].encode() + b"\n")
        assert terminal.wait_end(20)[0] == 0
    assert not list(scene.home.glob(".*history"))
    assert scene.leaks() == {}
    assert os.environ.get("BILLTUI_PASSWORD") is None
