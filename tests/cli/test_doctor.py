"""``billtui doctor``: everything of the host and the credential chain, nothing secret, made to be pasted."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.cli.doctor import examine
from billtui.config.credentials import Credential, CredentialStore
from billtui.config.keyring_access import KeyringAccess
from billtui.config.paths import config_dir, ensure_private_dir, state_dir, write_private
from billtui.config.profiles import ProfileBook, make_profile
from billtui.config.secret_sources import EnvironmentSecrets
from tests.support.command_line import Cli, process
from tests.support.secret_service import Manner, SecretService

Found = dict[str, str]
CANARIES = {
    name: f"c4nary-{name}-91f3"
    for name in ("token", "password", "argument", "file", "sealed", "proxy", "path", "textual", "systemd", "passphrase")
}


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test has not set one up."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def found(environment: EnvironmentSecrets | None = EnvironmentSecrets()) -> Found:  # noqa: B008 - frozen
    return dict(reversed(examine(environment)))


def test_no_canary_of_any_kind_is_shown(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets everywhere one could be: environment, command, files, systemd, proxy variables, the panel's path."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARIES['proxy']}@proxy.example:3128")
    monkeypatch.setenv("TEXTUAL_LOG", f"/tmp/{CANARIES['textual']}")
    folder = tmp_path / "systemd"
    write_private(folder / "billtui-main", CANARIES["systemd"].encode())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    write_private(tmp_path / "own" / "password", CANARIES["file"].encode())
    command = ["pass", "show", CANARIES["argument"]]
    ProfileBook().add(
        make_profile(
            name="main", url=f"https://panel.example/{CANARIES['path']}", login="olena.marsh", password_command=command
        )
    )
    store = CredentialStore(
        "main", panel_url="https://x.example", ask_passphrase=lambda *_: SecretStr(CANARIES["passphrase"])
    )
    store.save(Credential("token", SecretStr(CANARIES["sealed"]), "test"))
    assert (config_dir() / "credentials" / "main.sealed").exists()
    for more in ([], ["--json"]):
        monkeypatch.setenv("BILLTUI_TOKEN", CANARIES["token"])
        monkeypatch.setenv("BILLTUI_PASSWORD", CANARIES["password"])
        result = cli.plain("doctor", *more)
        assert result.code == 0
        text = result.out + result.err
        assert not [name for name, canary in CANARIES.items() if canary in text]
        assert "olena" not in text
        shown = "\n".join(one["found"] for one in result.json["items"]) if more else text
        assert "https://panel.example/…, billing_v1; login o…h" in shown
        assert "BILLTUI_TOKEN (taken out, value hidden)" in text
        assert "HTTPS_PROXY" in text
    assert {"what": "main: password_command", "found": "pass … (there is no such program)"} in result.json["items"]


def test_each_source_of_each_profile_is_named_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ProfileBook().add(make_profile(name="main", url="https://panel.example", login="ab"))
    lines = [label for label, _ in examine(EnvironmentSecrets(token=SecretStr("x" * 20)))]
    chain = ["explicit", "password_command", "systemd credential", "environment", "keyring", "encrypted file", "memory"]
    assert [label.removeprefix("main: ") for label in lines if label.startswith("main: ")] == ["panel", *chain]
    assert found(EnvironmentSecrets(token=SecretStr("x" * 20)))["main: environment"].startswith("BILLTUI_TOKEN")
    assert "login …" in found()["main: panel"], "two letters are not shown"
    assert "main: keyring" not in found(None), "without the environment nothing that takes seconds is asked"


SITUATIONS: dict[Manner, str] = {
    "works": "works: Secret Service (after",
    "no service": "no usable keyring on this machine (after",
    "locked": "the keyring is locked; unlock it and try again (after",
    "silent": "did not answer within 3 s (it may be waiting to be unlocked) (after 3.",
}


@pytest.mark.parametrize("manner", SITUATIONS)
def test_the_keyring_and_how_fast_it_answers(manner: Manner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked once for all profiles; a locked one is named without asking anybody to unlock it."""
    for name in ("one", "two", "three"):
        ProfileBook().add(make_profile(name=name, url="https://panel.example"))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    with SecretService(manner) as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        began = time.monotonic()
        lines = found()
        assert time.monotonic() - began < 8
        assert SITUATIONS[manner] in lines["keyring"]
        assert lines["D-Bus"] == "an address is set; its socket is there"
        assert "Prompt" not in service.calls and "Unlock" not in service.calls
    assert lines["three: keyring"].partition(" (after")[0] in lines["keyring"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "no session bus, as usual on a server"),
        ("unix:path={folder}/nobody", "cannot be used: No such file"),
        ("unix:path={folder}/file", "is no socket"),
        ("tcp:host=127.0.0.1,port=9", "of another kind"),
        ("unix:abstract=/tmp/x", "an address is set"),
    ],
)
def test_the_session_bus_in_words(address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address.format(folder=tmp_path))
    assert said in found(None)["D-Bus"]


def test_the_session_bus_of_the_runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"run-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        with socket.socket(socket.AF_UNIX) as bus:
            bus.bind(str(folder / "bus"))
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
            assert found(None)["D-Bus"] == "no address is set; the socket of the session is there"
    finally:
        (folder / "bus").unlink()
        folder.rmdir()


def test_loose_files_and_directories_come_with_their_cure() -> None:
    ProfileBook().add(make_profile(name="main", url="https://panel.example"))
    sealed = config_dir() / "credentials" / "main.sealed"
    write_private(sealed, b"{}")
    sealed.chmod(0o644)
    assert found()["main: encrypted file"].startswith("refused:")
    assert f"chmod 600 -- {sealed}" in found()["main: encrypted file"]
    state_dir().mkdir(mode=0o700)
    state_dir().chmod(0o755)
    assert f"chmod 700 -- {state_dir()}" in found()["state directory"]
    assert "mode 0755" in found()["state directory"]
    config_dir().chmod(0o750)
    lines = found()
    assert "chmod 700" in lines["config directory"] and "chmod 700" in lines["profiles"]


def test_a_directory_that_cannot_be_made_is_not_called_not_made_yet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"BILLTUI_{kind}_DIR", str(tmp_path / kind.lower() / "below"))
    (tmp_path / "config").symlink_to(tmp_path / "nowhere")
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data").chmod(0o777)
    closed = tmp_path / "state"
    closed.mkdir(mode=0o700)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and real(path, mode))
    lines = found()
    assert "config is a link to nothing)" in lines["config directory"]
    assert "(cannot be made: nothing can be made in " in lines["state directory"]
    assert "cannot be made: nothing can be made in " in lines["journal"]
    assert "cannot be made: " in lines["data directory"] and "chmod o-w -- " in lines["data directory"]
    assert lines["cache directory"].endswith("(not made yet)")


def test_the_home_directory_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    lines = found()
    assert str(tmp_path) not in "\n".join(lines.values())
    assert lines["config directory"].startswith("~/")


def test_journal_demo_and_crash_reports(cli: Cli) -> None:
    lines = found()
    assert "not made yet" in lines["journal"]
    assert lines["demo"] == "never opened here"
    assert lines["crash reports"] == "none"
    assert process("whoami", "--demo", "--fleet", "4").code == 0
    ensure_private_dir(state_dir() / "crashes")
    write_private(state_dir() / "crashes" / "crash-20260101-000000-abcdef.txt", b"x")
    cli.issue()
    lines = found()
    assert "1 jobs, 0 of them open" in lines["journal"]
    assert lines["journal verify"] == "no damage and no gaps found"
    assert lines["demo"] == "demo-4-1 (not running)"
    assert lines["crash reports"].startswith("1, the newest of ")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens while it is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_online_says_who_answers_and_how_the_clocks_stand(cli: Cli, closed_port: int) -> None:
    """Without signing in: a panel, its clock, and a panel that is not there."""
    ProfileBook().add(make_profile(name="here", url=cli.sandbox.url))
    ProfileBook().add(make_profile(name="gone", url=f"http://127.0.0.1:{closed_port}"))
    lines = {one["what"]: one["found"] for one in cli.plain("doctor", "--online", "--json").json["items"]}
    assert lines["here: online"].startswith("It answers, and it is a billing panel")
    assert float(lines["here: answered in"].removesuffix(" s")) < 15
    assert lines["here: clock"] == "the panel's and this computer's agree"
    assert lines["gone: online"] and "gone: clock" not in lines
    lines = {one["what"]: one["found"] for one in cli.plain("doctor", "--json").json["items"]}
    assert "here: online" not in lines, "nothing is sent unless it is asked for"


def test_a_locked_keyring_is_seen_without_a_prompt() -> None:
    with SecretService("locked") as service:
        access = KeyringAccess(environment={"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": service.address})
        assert "locked" in access.ask("status").problem
        assert "Unlock" not in service.calls


def test_it_can_be_pasted_as_json(cli: Cli) -> None:
    items = json.loads(cli.plain("doctor", "--json").out)["items"]
    assert all(isinstance(one["what"], str) and isinstance(one["found"], str) for one in items)
    assert all("\n" not in one["found"] for one in items)
