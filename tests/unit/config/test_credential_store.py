"""Keeping secrets (RELIABILITY "Secrets"): keyring in its own process, encrypted file, memory; 8 situations."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from billtui.config.credentials import Credential, CredentialStore
from billtui.config.errors import CredentialError, WrongPassphrase
from billtui.config.keyring_access import KeyringAccess
from billtui.config.paths import config_dir
from billtui.config.secret_file import SecretFile
from tests.support.queueing import Stopwatch

URL = "https://panel.example"
CANARY = "c4nary-token-0123456789"
TOKEN = Credential("token", SecretStr(CANARY), "sign-in")
HERE = Path(__file__).parent


def stand_in(name: str, tmp_path: Path) -> KeyringAccess:
    environment = {**os.environ, "PYTHONPATH": str(HERE), "STAND_IN_FILE": str(tmp_path / "items.json")}
    return KeyringAccess(backend=f"keyring_stand_ins:{name}", environment=environment)


def desktop(**variables: str) -> KeyringAccess:
    return KeyringAccess(environment={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables})


def store(
    keyring: KeyringAccess, passphrase: str | None = None, url: str = URL, asked: list[str] | None = None
) -> CredentialStore:
    """``asked`` gets why each passphrase was asked for."""

    def ask(_purpose: Literal["open", "new"], why: str) -> SecretStr | None:
        if asked is not None:
            asked.append(why)
        return SecretStr(passphrase) if passphrase is not None else None

    return CredentialStore("main", panel_url=url, keyring=keyring, ask_passphrase=ask)


def secret_of(credential: Credential | None) -> str:
    assert credential is not None
    return credential.secret.get_secret_value()


def everything_on_disk(*roots: Path) -> bytes:
    return b"".join(path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file())


# --- a keyring that works ---------------------------------------------------------------------------------------------


def test_a_working_keyring_keeps_the_token_and_is_named(tmp_path: Path) -> None:
    first = store(stand_in("Works", tmp_path))
    assert first.load() is None
    assert first.save(TOKEN) == ("keyring (Works)", None)
    again = store(stand_in("Works", tmp_path)).load()
    assert secret_of(again) == CANARY
    assert again is not None and (again.kind, again.source) == ("token", "keyring (Works)")
    assert ("keyring", "works: Works") in first.situation()
    assert first.forget() == []
    assert store(stand_in("Works", tmp_path)).load() is None
    assert not config_dir().exists()


def test_places_are_named_and_what_was_chosen_is_done(tmp_path: Path) -> None:
    """Keyring first, then the file, then memory; an older token stays nowhere that is read before the chosen place."""
    works = store(stand_in("Works", tmp_path), "a passphrase")
    assert [place.where for place in works.places()] == ["keyring", "file", "memory"]
    assert works.places()[0].words == "the keyring (Works)"
    assert works.save(TOKEN).where == "keyring (Works)"
    works.prefer("file")
    assert works.save(TOKEN).where == "encrypted file"
    again = store(stand_in("Works", tmp_path), "a passphrase")
    found = again.load()
    assert found is not None
    assert found.source == "encrypted file"
    again.prefer("memory")
    assert again.save(TOKEN) == ("memory", None)
    assert secret_of(again.load()) == CANARY
    assert store(stand_in("Works", tmp_path), "a passphrase").load() is None
    assert CANARY.encode() not in everything_on_disk(tmp_path)


def test_without_a_keyring_the_file_comes_first_and_says_why() -> None:
    here = store(desktop())
    places = here.places()
    assert [place.where for place in places] == ["file", "memory"]
    assert "keyring" in places[0].words
    assert here.places()[0].words == "an encrypted file", "a host without a keyring is ordinary: said once"
    alone = CredentialStore("main", panel_url=URL, keyring=desktop())
    assert [place.where for place in alone.places()] == ["memory"], "nobody can be asked for a passphrase"


def test_no_secret_in_command_line_or_environment_of_the_keyring_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLTUI_PASSWORD", "canary-in-environment")
    keyring = stand_in("Works", tmp_path)
    store(keyring).save(TOKEN)
    seen = (tmp_path / "items.seen").read_text()
    assert "argv" in seen
    assert CANARY not in seen and "canary-in-environment" not in seen


def test_a_token_never_goes_to_another_address(tmp_path: Path) -> None:
    store(stand_in("Works", tmp_path)).save(TOKEN)
    assert store(stand_in("Works", tmp_path), url="https://evil.example").load() is None


def test_a_password_is_never_stored(tmp_path: Path) -> None:
    kept = store(stand_in("Works", tmp_path), passphrase="long enough")
    result = kept.save(Credential("password", SecretStr("hunter2-password"), "typed"))
    assert result.where == "memory" and result.warning is not None
    assert secret_of(kept.load()) == "hunter2-password"
    assert b"hunter2-password" not in everything_on_disk(tmp_path)
    assert store(stand_in("Works", tmp_path)).load() is None


# --- the eight situations ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def bus_without_services(tmp_path: Path) -> Iterator[str]:
    """A real session bus on which nobody offers secrets."""
    (tmp_path / "bus.conf").write_text(
        '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"'
        ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">'
        f"<busconfig><type>session</type><listen>unix:dir={tmp_path}</listen>"
        '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>'
        "</busconfig>"
    )
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def dead_service(tmp_path: Path) -> Iterator[str]:
    """A bus on which somebody holds the name of the secret service and never says a word."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    with bus_without_services(tmp_path) as address, open_dbus_connection(address) as connection:
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        request = new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 4))
        assert connection.send_and_get_reply(request, timeout=5).body == (1,)
        yield address


def fake_package(tmp_path: Path, module: str, class_name: str) -> str:
    """A third-party keyring that leaves a mark when it is loaded; returns its PYTHONPATH."""
    package = tmp_path / "site" / "keyrings"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / f"{module}.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'loaded')!r}).touch()\n"
        "from keyring.backend import KeyringBackend\n"
        f"class {class_name}(KeyringBackend):\n    priority = 9\n"
        "    def get_password(self, service, user): return input('Password: ')\n"
        "    def set_password(self, service, user, secret):\n"
        f"        Path({str(tmp_path / 'plain')!r}).write_text(secret)\n"
    )
    return str(tmp_path / "site")


SITUATIONS = ["none", "no bus", "no service", "locked", "silent prompter", "dead service", "alt", "cryptfile"]


@contextlib.contextmanager
def situation(name: str, tmp_path: Path) -> Iterator[tuple[KeyringAccess, str]]:
    if name == "none":
        yield desktop(PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"), "turned off"
    elif name == "no bus":
        yield desktop(XDG_RUNTIME_DIR=str(tmp_path / "none")), "no usable keyring"
    elif name == "no service":
        with bus_without_services(tmp_path) as address:
            yield desktop(DBUS_SESSION_BUS_ADDRESS=address), "no usable keyring"
    elif name == "locked":
        yield stand_in("Locked", tmp_path), "locked; unlock it"
    elif name == "silent prompter":
        yield stand_in("SilentPrompter", tmp_path), "did not answer within 3 s"
    elif name == "dead service":
        with dead_service(tmp_path) as address:
            yield desktop(DBUS_SESSION_BUS_ADDRESS=address), "did not answer within 3 s"
    else:
        module, class_name = {"alt": ("alt", "PlaintextKeyring"), "cryptfile": ("cryptfile", "CryptFileKeyring")}[name]
        path = fake_package(tmp_path, module, class_name)
        choice = f"keyrings.{module}.{class_name}"
        yield desktop(PYTHON_KEYRING_BACKEND=choice, PYTHONPATH=path), f"not one that billtui trusts.*{choice}"


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_keyring_situation_is_usable_or_clear_in_time(name: str, tmp_path: Path) -> None:
    asked: list[str] = []
    with situation(name, tmp_path) as (keyring, reason):
        kept = store(keyring, asked=asked)
        watch = Stopwatch()
        assert kept.load() is None
        assert not watch.has_run(3.5)
        watch = Stopwatch()
        result = kept.save(TOKEN)
        said = dict(kept.situation())["keyring"]
        assert not watch.has_run(0.5)  # a keyring that failed is not waited for twice
        assert secret_of(kept.load()) == CANARY  # usable all the same
    assert result.where == "memory"
    assert CANARY not in repr((result, said))
    assert re.search(reason, said)
    assert result.warning == "You stay signed in until the program ends."
    [why] = asked  # "not now" is not asked twice, and the keyring is explained once
    assert re.search(reason, why, re.I)
    assert kept.save(TOKEN).warning == result.warning and len(asked) == 1
    assert not (tmp_path / "loaded").exists() and not (tmp_path / "plain").exists()
    assert CANARY.encode() not in everything_on_disk(tmp_path)


@pytest.mark.parametrize("blocking", ["keyring", "command"])
def test_quitting_does_not_wait_for_a_blocked_source(blocking: str, tmp_path: Path) -> None:
    kept = store(stand_in("SilentPrompter", tmp_path))
    if blocking == "command":
        kept._command = [sys.executable, "-c", "import sys, time; sys.stdout.close(); time.sleep(60)"]
    with contextlib.suppress(CredentialError), ThreadPoolExecutor() as threads:
        loading = threads.submit(kept.load)
        with pytest.raises(TimeoutError):
            loading.result(0.3)
        watch = Stopwatch()
        kept.cancel()
        with contextlib.suppress(CredentialError):
            assert loading.result(1) is None
        assert not watch.has_run(1)


def test_a_keyring_in_trouble_is_said_once_with_what_comes_next(tmp_path: Path) -> None:
    asked: list[str] = []
    kept = store(stand_in("Locked", tmp_path), "long enough", asked=asked)
    assert kept.missed() == "", "nothing was asked for yet"
    assert kept.load() is None
    missed = kept.missed()
    assert "The keyring is locked" in missed and "Next: sign in" in missed
    assert kept.missed() == ""
    result = kept.save(TOKEN)
    assert asked == [""], "the passphrase is asked for without saying it again"
    assert result.where == "encrypted file" and str(result.warning).startswith("The sign-in is kept")


def test_a_host_without_a_keyring_is_ordinary(tmp_path: Path) -> None:
    """Nothing is missed where nothing can have been kept; why a passphrase is asked for is said once."""
    asked: list[str] = []
    kept = store(desktop(XDG_RUNTIME_DIR=str(tmp_path / "none")), "long enough", asked=asked)
    assert kept.load() is None
    assert kept.missed() == ""
    kept.save(TOKEN)
    kept.save(TOKEN)
    assert asked == ["No usable keyring on this machine."]


def test_the_keyring_process_ends_by_itself_when_nobody_waits_for_it(tmp_path: Path) -> None:
    """The program may be killed while a prompt waits for ever: no process stays for more than 5 s."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    question = json.dumps({"operation": "get", "user": "nobody", "secret": None})
    argv = [sys.executable, "-P", "-m", "billtui.config.keyring_process"]
    argv += ["--backend", "keyring_stand_ins:SilentPrompter"]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    process.stdin.write(question.encode())
    process.stdin.close()
    assert process.wait(15) < 0


@pytest.mark.parametrize("name", ["Blabber", "Dies", "NotThere"])
def test_keyrings_that_misbehave_say_nothing_of_the_secret(name: str, tmp_path: Path) -> None:
    kept = store(stand_in(name, tmp_path))
    result = kept.save(TOKEN)
    assert result.where == "memory" and result.warning is not None
    assert CANARY not in result.warning
    kept._keyring.try_again()
    assert kept.load() == TOKEN
    assert kept.forget() and CANARY not in " ".join(kept.forget())


def test_the_process_answers_with_the_secret_alone_whatever_a_backend_prints(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(HERE), "STAND_IN_FILE": str(tmp_path / "items.json")}
    question = json.dumps({"operation": "get", "user": "nobody", "secret": None})
    process = subprocess.run(
        [sys.executable, "-P", "-m", "billtui.config.keyring_process", "--backend", "keyring_stand_ins:Works"],
        input=question, capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert json.loads(process.stdout) == {"backend": "Works", "secret": None}
    assert "noise" in process.stderr


def test_a_module_in_the_present_directory_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    store(desktop()).load()
    assert not (tmp_path / "loaded").exists()


def test_the_keyring_library_is_never_loaded_here(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom billtui.config.credentials import CredentialStore\n"
        "CredentialStore('main', panel_url='https://x.example').situation()\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('keyring', 'jeepney', 'secretstorage')))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


# --- the encrypted file -----------------------------------------------------------------------------------------------


def test_without_keyring_the_token_is_sealed_with_a_passphrase(tmp_path: Path) -> None:
    result = store(desktop(), passphrase="correct horse").save(TOKEN)
    assert result.where == "encrypted file"
    path = config_dir() / "credentials" / "main.sealed"
    assert path.stat().st_mode & 0o777 == 0o600
    assert CANARY.encode() not in everything_on_disk(tmp_path)
    assert secret_of(store(desktop(), passphrase="correct horse").load()) == CANARY
    assert store(desktop()).load() is None  # not now
    with pytest.raises(WrongPassphrase):
        store(desktop(), passphrase="incorrect horse").load()
    with pytest.raises(WrongPassphrase):
        store(desktop(), passphrase="correct horse", url="https://evil.example").load()
    path.rename(path.with_name("other.sealed"))
    with pytest.raises(WrongPassphrase):
        SecretFile("other", f"main {URL}").read(SecretStr("correct horse"))
    path.with_name("other.sealed").rename(path)
    kept = store(desktop())
    kept.forget()
    assert not path.exists()


def test_a_wrong_passphrase_is_asked_for_again() -> None:
    store(desktop(), passphrase="correct horse").save(TOKEN)
    given = iter(["wrong horse", "correct horse"])
    kept = CredentialStore(
        "main", panel_url=URL, keyring=desktop(), ask_passphrase=lambda _purpose, _why: SecretStr(next(given))
    )
    with pytest.raises(WrongPassphrase):
        kept.load()
    assert secret_of(kept.load()) == CANARY


def test_a_short_passphrase_is_refused_and_nothing_is_written() -> None:
    result = store(desktop(), passphrase="short").save(TOKEN)
    assert result.where == "memory" and result.warning is not None and "8 or more" in result.warning
    assert not (config_dir() / "credentials").exists()


HEADER = (
    b'{"version": %d, "n": %d, "r": 8, "p": 2, "salt": "AAAAAAAAAAAAAAAAAAAAAA==",'
    b' "nonce": "AAAAAAAAAAAAAAAA", "sealed": "AA=="}'
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version": 1, "n": 1e99, "r": 8, "p": 1, "salt": "", "nonce": "", "sealed": ""}',
        HEADER % (1, 2**30),
        HEADER % (2, 2**16),
        b"\xff" * 100,
    ],
)
def test_damaged_files_are_named_and_cost_nothing(content: bytes) -> None:
    sealed = SecretFile("main", URL)
    sealed.write(SecretStr(CANARY), SecretStr("correct horse"))
    sealed.path.write_bytes(content)
    watch = Stopwatch()
    with pytest.raises(CredentialError, match="damaged"):
        sealed.read(SecretStr("correct horse"))
    assert not watch.has_run(1)


def test_every_changed_bit_is_noticed() -> None:
    import base64

    sealed = SecretFile("main", URL)
    sealed.write(SecretStr(CANARY), SecretStr("correct horse"))
    parts = json.loads(sealed.path.read_text())
    data = bytearray(base64.b64decode(parts["sealed"]))
    data[3] ^= 1
    sealed.path.write_text(json.dumps({**parts, "sealed": base64.b64encode(data).decode()}))
    with pytest.raises(WrongPassphrase):
        sealed.read(SecretStr("correct horse"))


def test_once_the_keyring_works_the_old_file_goes(tmp_path: Path) -> None:
    store(desktop(), passphrase="correct horse").save(TOKEN)
    store(stand_in("Works", tmp_path)).save(TOKEN)
    assert not (config_dir() / "credentials" / "main.sealed").exists()


# --- whether the next start asks somebody -----------------------------------------------------------------------------


def test_from_the_keyring_nobody_is_asked_again(tmp_path: Path) -> None:
    keeper = store(stand_in("Works", tmp_path))
    assert keeper.asks_again() is None and not keeper.is_handed_in()
    keeper.save(TOKEN)
    assert keeper.asks_again() is False
    again = store(stand_in("Works", tmp_path))
    again.load()
    assert again.asks_again() is False


def test_file_and_memory_ask_again(tmp_path: Path) -> None:
    keeper = store(desktop(), "a passphrase")
    keeper.save(TOKEN)
    assert keeper.asks_again() is True
    again = store(desktop(), "a passphrase")
    again.load()
    assert again.asks_again() is True
    refused = store(desktop())
    refused.save(TOKEN)
    assert refused.asks_again() is True


def test_what_is_handed_in_is_known_without_running_anything() -> None:
    command = CredentialStore("main", panel_url=URL, password_command=["/nonexistent/program"], keyring=desktop())
    explicit = CredentialStore("main", panel_url=URL, explicit=TOKEN, keyring=desktop())
    assert command.is_handed_in() and explicit.is_handed_in()
    assert explicit.load() is TOKEN and explicit.asks_again() is None


def test_after_not_now_the_sign_in_says_that_it_stays_in_memory() -> None:
    keeper = store(desktop())
    assert [place.where for place in keeper.places()] == ["file", "memory"]
    assert keeper.save(TOKEN).where == "memory"
    assert [place.where for place in keeper.places()] == ["memory", "file"]
    keeper.prefer("file")
    assert [place.where for place in keeper.places()] == ["file", "memory"]
