"""No secret is left behind: not in the panel's file, its log, its output, nor in an answer that is an error.

A panel of its own is given secrets of every sort, right ones and wrong ones, in every place where somebody may put one;
then everything that it wrote is searched for them.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.support.sandbox import SandboxProcess

CHOSEN = {
    "new": "canary-new-password-1f0c",
    "wrong": "canary-wrong-password-22ab",
    "refused": "canary",  # too short
    "recovered": "canary-recovered-password-9d3e",
    "token": "canary-token-of-nobody-77",
    "key": "bpk_canary-key-of-nobody-88",
    "code": "canary-code-55555",
    "nested": "canary-nested-c0de",
    "broken": "canary-in-broken-json-12",
}
Json = dict[str, Any]


class Caller:
    """Keeps every answer, apart those that are meant to bring a secret."""

    def __init__(self, server: SandboxProcess) -> None:
        self.server = server
        self.token = ""
        self.told: list[str] = []

    def post(self, path: str, body: Any, *, token: str | None = None, secret: bool = False) -> tuple[int, Json]:
        given = self.token if token is None else token
        status, headers, content = self.server.raw("POST", f"/api/v1{path}", body, token=given or None)
        if not secret:
            self.told.append(f"{headers} {content.decode(errors='replace')}")
        return status, json.loads(content) if content else {}

    def get(self, path: str, *, token: str | None = None) -> int:
        status, headers, content = self.server.raw("GET", f"/api/v1{path}", token=token or self.token)
        self.told.append(f"{headers} {content.decode(errors='replace')}")
        return status


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str], list[str]]]:
    """The folder of a panel that went through everything, the secrets that it met, and its answers."""
    folder = tmp_path_factory.mktemp("canaries")
    server = SandboxProcess(folder / "panel.db", fleet=2).start()
    try:
        caller = Caller(server)
        met = dict(CHOSEN) | _live(server, caller)
        assert server.check_books() == []
        server.stop()
        yield folder, met, caller.told
    finally:
        server.kill()


def _live(server: SandboxProcess, caller: Caller) -> dict[str, str]:
    """Everything that can be done with secrets, done; what was made on the way."""
    person = server.account()
    old, login = person["password"], person["login"]
    met: dict[str, str] = {}
    for body in (
        {"login": login, "password": CHOSEN["wrong"], "totp": CHOSEN["code"]},
        {"login": login, "password": {"x": CHOSEN["nested"]}},
        {"login": CHOSEN["nested"] * 50, "password": CHOSEN["wrong"]},
        {"login": login, "password": [CHOSEN["nested"]], "totp": CHOSEN["nested"] * 9},
    ):
        assert caller.post("/sessions", body)[0] in (401, 422)
    _, session = caller.post("/sessions", {"login": login, "password": old}, secret=True)
    met["session"] = caller.token = session["token"]
    for path in ("/me", "/orders", "/me/api-keys"):
        assert caller.get(path, token=CHOSEN["token"]) == caller.get(path, token=CHOSEN["key"]) == 401
    for body in (
        {"current_password": CHOSEN["wrong"], "new_password": CHOSEN["new"]},
        {"current_password": old, "new_password": CHOSEN["refused"]},
        {"current_password": {"x": CHOSEN["nested"]}, "new_password": [CHOSEN["nested"]]},
        {"current_password": CHOSEN["nested"] * 99, "new_password": CHOSEN["nested"]},
        {"current_password": old, "new_password": CHOSEN["new"]},
    ):
        assert caller.post("/me/password", body)[0] in (403, 422, 204)
    password = CHOSEN["new"]
    _, setup = caller.post("/me/totp", {"action": "begin", "current_password": password}, secret=True)
    met["setup"] = setup["secret"]
    code = pyotp.TOTP(setup["secret"]).at(int(time.time()))
    for body in (
        {"action": "confirm", "current_password": password, "code": CHOSEN["code"]},
        {"action": "confirm", "current_password": password, "code": CHOSEN["code"] * 9},
        {"action": CHOSEN["nested"], "current_password": password},
    ):
        assert caller.post("/me/totp", body)[0] in (403, 422)
    body = {"action": "confirm", "current_password": password, "code": code}
    _, confirmed = caller.post("/me/totp", body, secret=True)
    codes = confirmed["codes"]
    met |= {f"recovery code {number}": one for number, one in enumerate(codes)}
    met |= {f"recovery code {number}, plain": one.replace("-", "") for number, one in enumerate(codes)}
    signing = {"login": login, "password": password}
    assert caller.post("/sessions", {**signing, "totp": CHOSEN["code"]})[0] == 401
    assert caller.post("/sessions", {**signing, "totp": codes[0]}, secret=True)[0] == 201
    body = {"label": "ci", "networks": [CHOSEN["nested"]], "current_password": password}
    assert caller.post("/me/api-keys", {**body, "networks": {"x": CHOSEN["nested"]}})[0] == 422
    _, made = caller.post("/me/api-keys", {**body, "networks": []}, secret=True)
    met["API key"] = made["secret"]
    assert caller.get("/me", token=made["secret"]) == 200
    assert caller.get("/sessions", token=made["secret"]) == 403
    assert caller.post("/me/password", signing, token=made["secret"])[0] == 403
    off = {"on": False, "current_password": CHOSEN["wrong"]}
    assert caller.post("/me/api-access", off)[0] == 403
    for bad in ({"email": {"x": CHOSEN["nested"]}}, {"code": CHOSEN["code"], "new_password": CHOSEN["wrong"]}):
        path = "/password-recovery" if "email" in bad else "/password-recovery/confirm"
        assert caller.post(path, bad)[0] in (409, 422)
    assert caller.post("/password-recovery", {"email": person["email"]})[0] == 202
    mails = server.call("GET", "/sandbox/mail")[1]["items"]
    met["mailed code"] = next(mail["code"] for mail in mails if mail["event"] == "password-recovery")
    confirm = {"code": met["mailed code"], "new_password": CHOSEN["recovered"]}
    assert caller.post("/password-recovery/confirm", {**confirm, "new_password": CHOSEN["refused"]})[0] == 422
    assert caller.post("/password-recovery/confirm", confirm)[0] == 204
    assert caller.post("/password-recovery/confirm", confirm)[0] == 409
    _broken(server, caller)
    return met


def _broken(server: SandboxProcess, caller: Caller) -> None:
    """Bodies that are no JSON, and methods that do not fit, with a secret in them."""
    import http.client

    for method, path, body in (
        ("POST", "/sessions", f'{{"password": "{CHOSEN["broken"]}"'),
        ("POST", "/me/password", f'{{"current_password": "{CHOSEN["broken"]}", }}'),
        ("PUT", "/me/totp", f'{{"code": "{CHOSEN["broken"]}"}}'),
        ("POST", "/password-recovery/confirm", CHOSEN["broken"]),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {CHOSEN['token']}"}
        connection.request(method, f"/api/v1{path}", body.encode(), headers)
        answer = connection.getresponse()
        caller.told.append(f"{answer.getheaders()} {answer.read().decode(errors='replace')}")
        assert 400 <= answer.status < 500
        connection.close()


Told = tuple[Path, dict[str, str], list[str]]
MEANT = {"refused", "mailed code", "setup"}
"""Of these the tests below speak apart. ``refused`` is part of the others."""


def test_no_answer_repeats_a_secret(told: Told) -> None:
    """Error answers, headers, lists: only the one answer that brings a secret has it."""
    _, met, answers = told
    assert len(answers) > 30
    assert [name for name, secret in met.items() if any(secret in answer for answer in answers)] == []


def test_nothing_is_left_in_the_panel_s_files(told: Told) -> None:
    """The whole database, its write-ahead log, and what the process wrote to its error output, byte for byte."""
    folder, met, _ = told
    written = b"".join(file.read_bytes() for file in folder.iterdir())
    assert len(written) > 100_000
    assert [name for name, secret in met.items() if name not in MEANT and secret.encode() in written] == []
    assert b"olena.marsh" in written, "the search finds what is there"


def test_what_has_to_be_kept_is_in_its_place_only(told: Told) -> None:
    """The secret of the second factor (codes are computed from it), and the mail, which is its reader's own."""
    folder, met, _ = told
    places: dict[str, set[str]] = {"setup": set(), "mailed code": set(), "refused": set()}
    connection = sqlite3.connect(folder / "panel.db")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        cursor = connection.execute(f"SELECT * FROM {table}")
        columns = [item[0] for item in cursor.description]
        for row in cursor:
            for column, value in zip(columns, row, strict=True):
                for name, found in places.items():
                    if met[name] in str(value):
                        found.add(f"{table}.{column}")
    connection.close()
    assert places == {"setup": {"accounts.totp_secret"}, "mailed code": {"mails.body", "mails.code"}, "refused": set()}


def test_secret_answers_are_not_stored_for_a_second_asking(told: Told) -> None:
    """None of these calls is in the table of answers, also where an idempotency key was sent."""
    folder, _, _ = told
    connection = sqlite3.connect(folder / "panel.db")
    assert connection.execute("SELECT count(*) FROM operations").fetchone() == (0,)
    connection.close()


def test_an_idempotency_key_stores_nothing_of_a_secret_call(own_sandbox: Callable[..., SandboxProcess]) -> None:
    server = own_sandbox(fleet=2)
    token, headers = server.sign_in(), {"Idempotency-Key": "the-same"}
    body = {"label": "ci", "current_password": server.account()["password"]}
    first = server.call("POST", "/api/v1/me/api-keys", body, token=token, headers=headers)[1]
    second = server.call("POST", "/api/v1/me/api-keys", body, token=token, headers=headers)[1]
    assert first["secret"] != second["secret"], "made anew, not told again"
    status, answer = server.call("GET", "/api/v1/operations/the-same", token=token)
    assert (status, answer) == (200, {"state": "never-seen"})
