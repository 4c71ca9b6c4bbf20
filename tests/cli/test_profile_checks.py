"""``profile add`` and ``profile test`` look at the panel: what it is, and what is wrong with its certificate."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from billtui.config.profiles import ProfileBook
from tests.client.client_kit import Certificate, make_certificate
from tests.client.panel_stub import PanelStub, answer, problem, sends
from tests.support.command_line import PASSWORD, process
from tests.support.on_terminal import OnTerminal
from tests.support.sandbox import SandboxProcess

IS_ONE = sends(problem(401, "session-expired", "Sign in again"))


@contextlib.contextmanager
def beside(stub: PanelStub) -> Iterator[str]:
    """The stub in a thread of its own; its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(stub.__aenter__(), loop).result(10)
    try:
        yield stub.url
    finally:
        asyncio.run_coroutine_threadsafe(stub.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Signed by nobody but itself."""
    return make_certificate(tmp_path, "localhost")


def written() -> list[str]:
    """The profiles in their file."""
    return list(ProfileBook().load().profiles)


def test_added_unseen_in_scripts_and_looked_at_when_asked(command_panel: SandboxProcess) -> None:
    refused = process("profile", "add", "nobody", "--url", "http://127.0.0.1:1", "--login", "x", "--check", "--json")
    assert (refused.code, refused.error["code"], refused.error["retryable"]) == (10, "not-sent", True)
    assert written() == []
    unseen = process("profile", "add", "later", "--url", "http://127.0.0.1:1", "--login", "x", "--json")
    assert unseen.code == 0
    seen = process("profile", "add", "work", "--url", command_panel.url, "--login", "olena.marsh", "--check", "--json")
    assert seen.code == 0
    assert written() == ["later", "work"]
    twice = process("profile", "add", "work", "--url", "http://127.0.0.1:1", "--login", "x", "--check", "--json")
    assert (twice.code, twice.error["code"]) == (2, "profile")


def test_another_kind_of_panel_is_named() -> None:
    with beside(PanelStub(sends(answer(b"<title>WHMCS</title>", kind="text/html")))) as url:
        refused = process("profile", "add", "other", "--url", url, "--login", "x", "--check", "--json")
    assert (refused.code, refused.error["code"]) == (2, "not-a-billing-panel")
    assert "WHMCS" in refused.error["detail"]
    assert "does not speak" in refused.error["hint"]
    assert written() == []


def test_testing_says_what_is_wrong_with_a_certificate(certificate: Certificate) -> None:
    with beside(PanelStub(IS_ONE, tls=certificate.server)) as url:
        assert process("profile", "add", "own", "--url", url, "--login", "x", "--json").code == 0
        refused = process("profile", "test", "own", "--json", variables={"BILLTUI_PASSWORD": PASSWORD})
        assert (refused.code, refused.error["code"]) == (10, "certificate-problem")
        assert refused.error["certificate_reason"] == "self-signed"
        assert refused.error["certificate"]["fingerprint"] == certificate.fingerprint
        assert refused.error["retryable"] is False
        trust = ("--ca-file", str(certificate.file), "--check", "--replace")
        assert process("profile", "add", "own", "--url", url, "--login", "x", *trust, "--json").code == 0
        trust = ("--fingerprint", "ab" * 32, "--check", "--replace")
        other = process("profile", "add", "own", "--url", url, "--login", "x", *trust, "--json")
        assert other.error["certificate_reason"] == "not-pinned"
    assert ProfileBook().get("own").ca_file == str(certificate.file)


def test_on_a_terminal_a_certificate_is_pinned_after_comparing(certificate: Certificate) -> None:
    with beside(PanelStub(IS_ONE, tls=certificate.server)) as url:
        with OnTerminal("profile", "add", "own", "--url", url, "--login", "olena.marsh") as terminal:
            terminal.until("signed by nobody but itself")
            terminal.until("t, c, p, k, q: ")
            terminal.type("x")
            terminal.until("t, c, p, k, q: ")
            terminal.type("p")
            terminal.until("SHA-256")
            terminal.until("Its last 8 digits or more: ")
            terminal.type("00000000")
            terminal.until("another certificate than the one shown")
            terminal.until("t, c, p, k, q: ")
            terminal.type("c")
            terminal.until("full path): ")
            terminal.type("relative.pem")
            terminal.until("ca_file must be the full path")
            terminal.until("t, c, p, k, q: ")
            terminal.type("p")
            terminal.until("Its last 8 digits or more: ")
            terminal.type(certificate.fingerprint[-8:].upper())
            terminal.until("It answers, and it is a billing panel")
            assert terminal.end() == 0
    assert ProfileBook().get("own").fingerprint == certificate.fingerprint


def test_on_a_terminal_one_leaves_or_keeps_it_all_the_same() -> None:
    with OnTerminal("profile", "add", "gone", "--url", "http://127.0.0.1:1", "--login", "x") as terminal:
        terminal.until("connection refused")
        terminal.until("t, k, q: ")
        terminal.type("q")
        assert terminal.end() == 0
        assert "Nothing was written" in terminal.output
    assert written() == []
    with OnTerminal("profile", "add", "later", "--url", "http://127.0.0.1:1", "--login", "x") as terminal:
        terminal.until("t, k, q: ")
        terminal.type("k")
        assert terminal.end() == 0
    unseen = ("profile", "add", "unseen", "--url", "http://127.0.0.1:1", "--login", "x", "--no-check")
    with OnTerminal(*unseen) as terminal:
        assert terminal.end() == 0
        assert "Looking at" not in terminal.output
    assert written() == ["later", "unseen"]
