"""The sandbox as a process: its first line, a clean end, the same file again, and connections that are really cut."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billtui.sandbox.serve import main
from tests.support.sandbox import Json, SandboxProcess

API = "/api/v1"


def active_order(server: SandboxProcess, token: str) -> Json:
    path = f"{API}/orders?state=active&open_invoice=no&sort=monthly_price"
    return dict(server.call("GET", path, token=token)[1]["items"][0])


def unpaid_invoice(server: SandboxProcess, token: str, number: int = 0) -> Json:
    """A fresh renewal of one order that the account can pay."""
    path = f"{API}/orders?state=active&open_invoice=no&sort=monthly_price"
    orders = server.call("GET", path, token=token)[1]["items"]
    order = [order for order in orders if order["transfer_id"] is None][number]
    body: Json = {"kind": "renewal", "order_ids": [order["id"]], "period": 1}
    quote = server.call("POST", f"{API}/quotes", body, token=token)[1]
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    status, bought = server.call("POST", f"{API}/renewals", {"quote_id": quote["id"]}, token=token, headers=headers)
    assert status == 201, bought
    return dict(bought["invoice"])


def pay(server: SandboxProcess, token: str, invoice: Json, key: str) -> tuple[int, Json]:
    body = {"method": "internal", "expected_total": invoice["total"]}
    path = f"{API}/invoices/{invoice['id']}/payments"
    return server.call("POST", path, body, token=token, headers={"Idempotency-Key": key})


def payments_in_ledger(server: SandboxProcess, invoice: Json) -> list[Json]:
    return [
        line
        for line in server.ledger()
        if line["invoice_id"] == invoice["id"] and line["purse"] in ("internal", "affiliate")
    ]


def test_the_first_line_says_all(sandbox_server: SandboxProcess) -> None:
    assert sandbox_server.url == f"http://127.0.0.1:{sandbox_server.port}"
    roles = [account["role"] for account in sandbox_server.accounts]
    assert roles.count("client") >= 2
    assert {"support", "admin"} <= set(roles)
    for account in sandbox_server.accounts:
        assert {"login", "password", "account_id", "role", "email"} <= set(account)
        token = sandbox_server.sign_in(account["login"])
        me = sandbox_server.call("GET", f"{API}/me", token=token)[1]
        assert me["account_id"] == account["account_id"]
    token = sandbox_server.sign_in()
    assert sandbox_server.call("GET", f"{API}/orders", token=token)[1]["total"] >= 40


def test_the_first_line_says_no_password_that_is_wrong(own_sandbox: Callable[..., SandboxProcess]) -> None:
    """ACC-2: what somebody chose is known to nobody else; the others' is said as ever."""
    server = own_sandbox(fleet=5)
    person, token = server.account(), server.sign_in()
    body = {"current_password": person["password"], "new_password": "quite another phrase"}
    assert server.call("POST", f"{API}/me/password", body, token=token)[0] == 204
    server.restart()
    assert {account["login"]: "password" in account for account in server.accounts} == {
        account["login"]: account["login"] != person["login"] for account in server.accounts
    }
    assert server.call("GET", "/sandbox/accounts")[1]["items"] == server.accounts


def test_only_loopback_is_bound(sandbox_server: SandboxProcess) -> None:
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", sandbox_server.port)) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_under_a_long_poll(
    own_sandbox: Callable[..., SandboxProcess], number: signal.Signals
) -> None:
    server = own_sandbox(fleet=5, warm=False)
    token = server.sign_in()
    cursor = server.call("GET", f"{API}/changes", token=token)[1]["cursor"]
    answers: list[Any] = []

    def wait() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(server.call("GET", f"{API}/changes?after={cursor}&wait=15", token=token)[0])

    waiting = threading.Thread(target=wait)
    waiting.start()
    start = time.monotonic()
    process = server.process
    assert process is not None
    os.kill(process.pid, number)
    assert process.wait(10) == 0
    assert time.monotonic() - start < 8
    waiting.join(10)
    assert not waiting.is_alive()


def test_it_ends_with_whoever_started_it(own_sandbox: Callable[..., SandboxProcess]) -> None:
    server = own_sandbox(fleet=5, warm=False)
    process = server.process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_the_same_file_continues(own_sandbox: Callable[..., SandboxProcess]) -> None:
    server = own_sandbox(fleet=5, warm=False)
    token = server.sign_in()
    order = active_order(server, token)
    path = f"{API}/orders/{order['id']}"
    status, _ = server.call("PATCH", path, {"name": "kept"}, token=token, headers={"Idempotency-Key": "k"})
    assert status == 200
    moved = server.advance(days=1)
    server.restart()
    assert server.call("GET", path, token=token)[1]["name"] == "kept"
    assert server.call("GET", "/sandbox/clock")[1]["now"] >= moved
    headers = {"Idempotency-Key": "k"}
    status, sent, _ = server.raw("PATCH", path, {"name": "kept"}, token=token, headers=headers)
    assert (status, sent["idempotent-replay"]) == (200, "true")


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "truncate", "garble", "html"])
def test_a_spoiled_payment_can_be_settled(sandbox_server: SandboxProcess, kind: str) -> None:
    """INV-4 over a real connection: what was answered is lost, what was done is known, a repetition does nothing."""
    token = sandbox_server.sign_in()
    invoice = unpaid_invoice(sandbox_server, token)
    key = uuid.uuid4().hex
    sandbox_server.faults({"kind": kind, "times": 1, "method": "POST", "path": "/invoices/*/payments"})
    with pytest.raises((OSError, http.client.HTTPException, ValueError)):
        pay(sandbox_server, token, invoice, key)
    assert sandbox_server.fault_strikes() == [1]
    sandbox_server.faults()
    operation = sandbox_server.call("GET", f"{API}/operations/{key}", token=token)[1]
    assert operation["state"] == ("never-seen" if kind == "drop-before" else "done")
    status, again = pay(sandbox_server, token, invoice, key)
    assert (status, again["state"]) == (201, "done")
    assert len(payments_in_ledger(sandbox_server, invoice)) == 1
    assert sandbox_server.check_books() == []


def test_inv_4_killed_between_payment_and_answer(own_sandbox: Callable[..., SandboxProcess]) -> None:
    """kill -9 while the answer drips out: after the restart the payment is known, and done once."""
    server = own_sandbox(fleet=10)
    token = server.sign_in()
    invoice = unpaid_invoice(server, token)
    server.faults({"kind": "slow-body", "times": 1, "path": "/invoices/*/payments", "ms": 200})
    failed: list[Exception] = []

    def try_to_pay() -> None:
        try:
            pay(server, token, invoice, "the-key")
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed.append(error)

    payer = threading.Thread(target=try_to_pay)
    payer.start()
    while server.call("GET", f"{API}/operations/the-key", token=token)[1]["state"] in ("never-seen", "running"):
        pass  # each question takes its time
    server.restart()
    payer.join(10)
    assert failed
    operation = server.call("GET", f"{API}/operations/the-key", token=token)[1]
    assert (operation["state"], operation["answer"]["state"]) == ("done", "done")
    status, _ = pay(server, token, invoice, "the-key")
    assert status == 201
    assert len(payments_in_ledger(server, invoice)) == 1


def test_inv_4_thirty_two_clients_pay_one_invoice_once(sandbox_server: SandboxProcess) -> None:
    token = sandbox_server.sign_in()
    invoice = unpaid_invoice(sandbox_server, token)
    gate = threading.Barrier(32)
    answers: list[tuple[int, Json]] = []

    def one(number: int) -> None:
        gate.wait()
        answers.append(pay(sandbox_server, token, invoice, f"{invoice['id']}-{number}"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = sorted(status for status, _ in answers)
    assert statuses == [201] + [409] * 31
    assert {answer["rule"] for status, answer in answers if status == 409} == {"INV-4"}
    assert len(payments_in_ledger(sandbox_server, invoice)) == 1
    assert sandbox_server.check_books() == []


def test_faults_of_time_and_size_over_a_connection(sandbox_server: SandboxProcess) -> None:
    token = sandbox_server.sign_in()
    sandbox_server.faults({"kind": "huge-body", "times": 1, "path": "/me"})
    _, headers, content = sandbox_server.raw("GET", f"{API}/me", token=token)
    assert "content-length" not in headers
    assert len(content) > 32 * 1024 * 1024
    sandbox_server.faults({"kind": "slow-body", "times": 1, "path": "/plans", "ms": 50})
    connection = http.client.HTTPConnection("127.0.0.1", sandbox_server.port, timeout=10)
    connection.request("GET", f"{API}/plans", headers={"Authorization": f"Bearer {token}"})
    assert connection.getresponse().read(3)[:1] == b"{"
    connection.close()
    sandbox_server.faults({"kind": "expire-session", "times": 1})
    status, problem = sandbox_server.call("GET", f"{API}/me", token=token)
    assert (status, problem["code"]) == (401, "session-expired")
    assert sandbox_server.call("GET", f"{API}/me", token=token)[0] == 401, "it stays over"


def test_without_json_it_speaks_to_people(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "billtui.sandbox", "--port", "0", "--fleet", "3", "--db", str(tmp_path / "p.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()
    assert "http://127.0.0.1:" in lines[0]
    assert "olena.marsh" in "".join(lines)


def test_a_taken_port_and_a_wrong_file_are_said(
    sandbox_server: SandboxProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", str(sandbox_server.port), "--db", str(tmp_path / "a.db")]) == 1
    assert "cannot be had" in capsys.readouterr().err
    wrong = tmp_path / "b.db"
    wrong.write_bytes(b"this is no database" * 100)
    assert main(["--port", "0", "--db", str(wrong)]) == 1
    assert "cannot be opened" in capsys.readouterr().err
    assert main(["--port", "70000"]) == 2
    assert main(["--fleet", "-1"]) == 2


def test_the_description_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--openapi"]) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"


def test_it_loads_neither_the_interface_nor_an_http_client() -> None:
    code = (
        "import sys, billtui.sandbox.serve, billtui.sandbox.http.app, billtui.sandbox.http.server;"
        "print(sorted({'textual', 'httpx', 'keyring', 'billtui.client'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
