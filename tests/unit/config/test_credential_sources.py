"""Secrets handed in from outside (RELIABILITY "Secrets"): stdin, file, command, systemd, environment; their order."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.config.credentials import Credential, CredentialStore, take_environment
from billtui.config.errors import CredentialError, UnsafePath
from billtui.config.keyring_access import KeyringAccess
from billtui.config.limited_process import SaidTooMuch, TookTooLong, run_limited
from billtui.config.paths import ensure_private_dir, write_private
from billtui.config.profiles import make_profile
from billtui.config.secret_sources import EnvironmentSecrets, from_command, password_from_file, password_from_stdin
from tests.support.queueing import Stopwatch

URL = "https://panel.example"
CANARY = "c4nary-hunter2"
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PATH": os.environ["PATH"]}


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def secret_of(credential: Credential | None) -> str:
    assert credential is not None
    return credential.secret.get_secret_value()


def test_stdin_takes_the_first_line_only() -> None:
    credential = password_from_stdin(io.BytesIO(f"{CANARY}\r\nmore\n".encode()))
    assert (credential.kind, secret_of(credential)) == ("password", CANARY)
    assert CANARY not in repr(credential)


@pytest.mark.parametrize("content", [b"", b"\nx", b"\xff\xfe", b"a\x00b", b"a\x1b[2Jb", b"x" * 9000])
def test_unusable_secrets_are_refused_without_repeating_them(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(CredentialError) as error:
        password_from_stdin(io.BytesIO(content))
    assert "x" * 100 not in str(error.value)
    path = tmp_path / "d" / "secret"
    write_private(path, content)
    with pytest.raises((CredentialError, UnsafePath)):
        password_from_file(path)


def test_password_file_must_be_private(tmp_path: Path) -> None:
    path = tmp_path / "d" / "secret"
    with pytest.raises(CredentialError, match="not there"):
        password_from_file(path)
    write_private(path, f"{CANARY}\n".encode())
    assert secret_of(password_from_file(path)) == CANARY
    path.chmod(0o644)
    with pytest.raises(UnsafePath, match="chmod 600"):
        password_from_file(path)


def test_command_has_no_shell_no_terminal_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLTUI_TOKEN", CANARY)
    monkeypatch.setenv("GPG_TTY", "/dev/pts/0")
    code = (
        "import os, sys\n"
        "try: os.open('/dev/tty', os.O_RDWR); tty = 'tty'\n"
        "except OSError: tty = 'no-tty'\n"
        "print(sys.argv[1], tty, os.environ.get('BILLTUI_TOKEN'), os.environ.get('GPG_TTY'), repr(sys.stdin.read()))"
    )
    credential = from_command([*python(code), "$(id);`x`"], "token")
    assert secret_of(credential) == "$(id);`x` no-tty None None ''"
    assert credential.kind == "token"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["/nowhere/pass"], r"password_command \(pass\) cannot be started: No such file"),
        (python("raise SystemExit(3)"), "exit code 3"),
        (python(f"import sys; print('{CANARY}'); sys.exit(1)"), "exit code 1"),
        (python("pass"), "first line is empty"),
        (python("print('x' * 100000)"), "too much"),
        (["a\0b"], "cannot be started"),
    ],
)
def test_failing_commands_say_why_and_never_what(argv: list[str], reason: str) -> None:
    with pytest.raises(CredentialError, match=reason) as error:
        from_command(argv, "password")
    assert CANARY not in str(error.value)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] not in ("Z", "X")


def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    watch = Stopwatch()
    with pytest.raises(CredentialError, match="did not end within 2 s"):
        from_command(python(code), "password", seconds=2)
    assert not watch.has_run(3.5)
    deadline = time.monotonic() + 2
    while alive(int(note.read_text())):
        assert time.monotonic() < deadline, "the child of the command is still there"


def test_output_is_capped_and_a_deaf_child_does_not_block_us() -> None:
    with pytest.raises(SaidTooMuch):
        run_limited(python("import os\nwhile True: os.write(1, b'y' * 65536)"), seconds=20, max_bytes=1_000_000)
    with pytest.raises(TookTooLong):
        run_limited(python("import time; time.sleep(60)"), stdin=b"x" * 1_000_000, seconds=0.5)
    assert run_limited(python("print('ok')"), stdin=b"x" * 1_000_000, seconds=20) == (0, b"ok\n")


def test_environment_is_emptied_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLTUI_TOKEN", CANARY)
    monkeypatch.setenv("BILLTUI_PASSWORD", "other")
    taken = take_environment()
    assert "BILLTUI_TOKEN" not in os.environ and "BILLTUI_PASSWORD" not in os.environ
    assert taken.token is not None and taken.token.get_secret_value() == CANARY
    assert CANARY not in repr(taken)
    credential = taken.credential()
    assert credential is not None and credential.kind == "token"
    assert take_environment().credential() is None


def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int = 0o440) -> Path:
    directory = ensure_private_dir(tmp_path / "creds")
    path = directory / "billtui-main"
    path.write_text("from-systemd\n")
    path.chmod(mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    return path


def test_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = systemd(tmp_path, monkeypatch)
    profile = make_profile(name="main", url=URL, secret_kind="token")
    store = CredentialStore.of(profile, keyring=KeyringAccess(environment=NO_KEYRING))
    credential = store.load()
    assert credential == Credential("token", SecretStr("from-systemd"), "systemd credential")
    assert ("systemd credential", str(path)) in store.situation()
    path.chmod(0o444)
    with pytest.raises(CredentialError, match="open to all users"):
        store.load()


def test_the_order_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd(tmp_path, monkeypatch)
    environment = EnvironmentSecrets(password=SecretStr("from-environment"))
    explicit = Credential("password", SecretStr("explicit"), "standard input")
    command = python("print('from-command')")
    keyring = KeyringAccess(environment=NO_KEYRING)

    def load(**sources: object) -> str:
        store = CredentialStore("main", panel_url=URL, keyring=keyring, **sources)  # type: ignore[arg-type]  # shorthand
        store.save(Credential("token", SecretStr("from-memory"), "sign-in"))
        return secret_of(store.load())

    everything: dict[str, object] = {"explicit": explicit, "password_command": command, "environment": environment}
    assert load(**everything) == "explicit"
    del everything["explicit"]
    assert load(**everything) == "from-command"
    del everything["password_command"]
    assert load(**everything) == "from-systemd"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert load(**everything) == "from-environment"
    del everything["environment"]
    assert load(**everything) == "from-memory"


def test_credentials_of_another_user_are_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable goes along into a program of somebody who may not look into that directory."""
    path = systemd(tmp_path, monkeypatch)
    look = os.stat

    def refused(wanted: int | str | Path, *arguments: Any, **options: Any) -> os.stat_result:
        if str(wanted) == str(path):
            raise PermissionError(13, "Permission denied", str(wanted))
        return look(wanted, *arguments, **options)

    monkeypatch.setattr(os, "stat", refused)
    store = CredentialStore("main", panel_url=URL, keyring=KeyringAccess(environment=NO_KEYRING))
    assert not store.is_handed_in()
    assert store.load() is None
    assert dict(store.situation())["systemd credential"] == "none"
