"""Panels of every kind by verbs, with a canary in every secret of theirs: none is in any file, output or process.

The wire is listened to, so that keys, sessions, cookies and the tokens made of them are learned as they come.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.cli import main
from billtui.client.drivers.rootpanel import driver as rootpanel
from billtui.client.exchange import Answer, Exchange
from billtui.client.pace import UNSPARED
from billtui.client.transport import Transport
from billtui.config.profiles import ProfileBook, make_profile
from tests.panels.houses import DIALECTS, KINDS, FossHouse, House, capabilities
from tests.secrecy.echoing import echoing
from tests.secrecy.scene import Scene, inside, leave, quiet, shown
from tests.secrecy.watching import ProcessWatch
from tests.secrecy.wiretap import Wiretap
from tests.support.sandbox import SandboxProcess
from tests.support.secret_service import SecretService

OTHERS = [kind for kind in KINDS if kind != "billing_v1"]
LETTER = "The console shows nothing\nSince 06:40 UTC the console of our server shows nothing after a reboot."
LEARNED = {
    "billmanager": {"password", "session", "wrong password"},
    "fossbilling": {"password", "session", "csrf", "wrong password"},
    "rootpanel": {"key", "wrong password"},
}
"""Kinds of secrets that a journey has to meet."""


@pytest.fixture(params=OTHERS)
def house(request: pytest.FixtureRequest, secrecy_panel: SandboxProcess) -> Iterator[House]:
    """A panel of each kind; those of the reference panel are its dialects, freshly sown."""
    if request.param == "fossbilling":
        foss = FossHouse()
        foss.panel.password = "Cnry7-foss-password-55aa"  # its own, in small letters, is found in joined columns
        with foss.panel:
            yield foss
        return
    status, answer = secrecy_panel.call("POST", "/sandbox/reset", {"fleet": 12, "seed": 1})
    assert status == 200
    secrecy_panel.accounts = answer["items"]
    yield DIALECTS[request.param](secrecy_panel)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A keyring that works, outside of the scene's directories."""
    with SecretService("works") as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        yield service


@pytest.fixture
def home(scene: Scene, house: House) -> Iterator[Scene]:
    """The scene, with the wiretap before the house."""
    port = int(house.url.removeprefix("http://127.0.0.1:").partition("/")[0])
    with Wiretap(port, scene.canaries) as tap, ProcessWatch(scene.canaries) as watch:
        yield Scene(scene.home, scene.sandbox, scene.canaries, tap, watch)


class Verbs:
    """``billtui`` in this process, with everything below the scene's home."""

    def __init__(
        self, scene: Scene, house: House, capsys: pytest.CaptureFixture[str], stdin: pytest.MonkeyPatch
    ) -> None:
        self._scene, self._capsys, self._monkeypatch = scene, capsys, stdin
        path = house.url.removeprefix("http://").partition("/")[2]
        self.url = f"{scene.tap.url}/{path}".rstrip("/")

    def __call__(self, *arguments: str, stdin: str = "", code: int | None = 0) -> str:
        self._capsys.readouterr()
        read, text = self._scene.home / "tmp" / "stdin", stdin
        read.write_text(text)
        with read.open() as lines:
            self._monkeypatch.setattr("sys.stdin", lines)
            ended = main(list(arguments))
        read.unlink()
        said = self._capsys.readouterr()
        self._scene.outputs += [said.out.encode(), said.err.encode()]
        assert code is None or ended == code, (arguments, ended, said)
        return said.out


async def breaks(_self: Transport, exchange: Exchange, token: SecretStr | None, _deadline: float) -> Answer:
    """A fault of our own that has everything in hand."""
    held = [token.get_secret_value() if token else "", exchange.headers, exchange.form, exchange.body]
    raise RuntimeError(f"with {held}")


def secret_of(house: House) -> str:
    """What a person types to sign in."""
    if isinstance(house, FossHouse):
        return house.panel.password
    return house.secret[1]


def test_the_life_of_a_profile(
    home: Scene, house: House, keyring: SecretService, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    """Recognised, signed in wrongly and rightly, listed, renewed, ordered from a plan file, written to, refused with an
    echo of all that was sent, looked at by doctor, signed out."""
    run = Verbs(home, house, capsys, monkeypatch)
    monkeypatch.setattr(rootpanel, "ROOTPANEL", replace(rootpanel.ROOTPANEL, pace=UNSPARED))  # nobody is to be spared
    can = capabilities(house)
    kind_of_secret = "key" if house.kind == "rootpanel" else "password"
    secret = home.canaries.plant(kind_of_secret, secret_of(house))
    options = [word for name, value in house.options.items() for word in ("--panel-option", f"{name}={value}")]
    run("profile", "add", "main", "--url", run.url, "--login", house.login, "--kind", house.kind, *options, "--check")
    here = ("--profile", "main")
    signing = ("login", *here, "--password-stdin")
    run(*signing, stdin=f"{home.new('wrong password')}\n", code=3)
    run(*signing, stdin=f"{secret}\n")
    assert keyring.items
    run("whoami", *here, "--json")
    run("orders", "list", *here, "--json")
    orders = [f"id:{one}" for one in house.renewable(2)]
    renewing = ("orders", "renew", *orders, "--period", str(house.period), "--pay", "internal")
    bulk = ("--yes", "--max-total", "1000", "--json", *here)
    run(*renewing, *bulk)
    plan = home.home / "plan.json"
    run("order", "new", "--cells", house.cells, "--period", "1", "--plan-out", str(plan), *here)
    run("apply", str(plan), *bulk)
    if "tickets.new" in can:
        letter = home.home / "letter.txt"
        letter.write_text(LETTER)
        run("tickets", "new", str(letter), "--subject", "Console", "--department", house.department, "--yes", *here)
    jobs = json.loads(run("jobs", "list", "--json", *here))["items"]
    assert len(jobs) >= 2
    for job in jobs:
        run("jobs", "show", job["id"], "--json")
    for place, spelling in (("refusal", "as it is"), ("refusal", "base64"), ("page", "html"), ("redirect", "capitals")):
        home.tap.fault = echoing(house.kind, place, spelling)
        run("orders", "list", *here, "--json", code=None)
        run(*renewing, *bulk, code=None)
        run(*signing, stdin=f"{home.new('wrong password')}\n", code=None)
    assert home.tap.strikes >= 8
    home.tap.fault = None
    with monkeypatch.context() as patch:
        patch.setattr(Transport, "send", breaks)
        run("orders", "list", *here, code=None)
    assert list((home.home / "billtui" / "state" / "crashes").iterdir()), "a crash is reported"
    run("doctor", "--online", "--json")
    run("logout", *here)
    assert LEARNED[house.kind] <= home.canaries.kinds()
    assert home.leaks() == {}
    assert (home.home / "billtui" / "state" / "journal.db").exists()


LONG = os.environ.get("BILLTUI_FAULTS") == "long"
KEYS = {b"3": "A month", b"4": "Jobs", b"9": "Current tickets"}
"""The key of areas that each kind has, and words that stand there."""


@pytest.mark.pty
@pytest.mark.parametrize("house", OTHERS if LONG else ["billmanager"], indirect=True)
def test_by_keys_on_a_terminal(home: Scene, house: House) -> None:
    """Signed in wrongly and rightly, kept in the encrypted file, all areas, echoes of all that was sent, left."""
    secret = home.canaries.plant("key" if house.kind == "rootpanel" else "password", secret_of(house))
    path = house.url.removeprefix("http://").partition("/")[2]
    profile = make_profile(
        name="main", url=f"{home.tap.url}/{path}".rstrip("/"), login=house.login, kind=house.kind,
        panel_options=dict(house.options),
    )  # fmt: skip
    ProfileBook().add(profile)
    with home.program("--profile", "main") as terminal:
        terminal.wait_for(shown(terminal, "Sign in"))
        before = len(home.tap.requests)
        terminal.send(home.new("wrong password").encode() + b"\r")
        terminal.wait_for(lambda: len(home.tap.requests) > before)
        quiet(terminal)
        terminal.send(b"\x15" + secret.encode() + b"\r")
        terminal.wait_for(shown(terminal, "Stay signed in?"))
        terminal.send(home.new("passphrase").encode() + b"\r")
        terminal.wait_for(inside(terminal))
        for key, words in KEYS.items():  # loaded once, before anything goes wrong
            terminal.send(key)
            terminal.wait_for(shown(terminal, words), 30)
        for spelling in ("as it is", "html") if LONG else ("as it is",):
            place = "refusal" if house.kind != "rootpanel" else "page"  # its refusals end the session
            home.tap.fault = echoing(house.kind, place, spelling)
            before = home.tap.strikes
            for key, words in KEYS.items():
                terminal.send(key)
                terminal.wait_for(shown(terminal, words))
                terminal.send(b"r")
            terminal.wait_for(lambda before=before: home.tap.strikes > before)  # type: ignore[misc]  # bound now
            home.tap.fault = None
        leave(terminal)
    assert LEARNED[house.kind] <= home.canaries.kinds()
    assert home.leaks() == {}
