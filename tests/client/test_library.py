"""As a library: light to import, whole in its surface, careful about addresses."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import billtui.client
from billtui.client import ClientError, ConfigurationProblem, ConnectionSettings, Outcome, Write
from billtui.client.errors import OutcomeUnknown
from billtui.client.resources.resource import Resource
from tests.client.client_kit import Connect


def loaded_after(code: str) -> set[str]:
    """The modules a fresh interpreter has loaded after ``code``."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_the_client_loads_no_screen_and_no_http_before_it_is_opened() -> None:
    names = loaded_after("from billtui.client import *\nBillingClient(ConnectionSettings('https://panel.example'))")
    assert "billtui.client.transport" in names
    assert not {name.partition(".")[0] for name in names} & {"textual", "httpx", "httpcore", "keyring", "fastapi"}
    assert not {name for name in names if name.startswith(("billtui.sandbox", "billtui.services", "billtui.app"))}


def test_an_open_client_loads_no_screen() -> None:
    names = loaded_after(
        "import asyncio\nfrom billtui.client import *\n"
        "async def main():\n    async with BillingClient(ConnectionSettings('https://panel.example')): pass\n"
        "asyncio.run(main())"
    )
    assert "httpx" in names
    assert "textual" not in names


def test_errors_alone_are_light() -> None:
    names = loaded_after("import billtui.client.errors, billtui.client.settings")
    assert not names & {"pydantic", "httpx", "asyncio"}


def test_every_public_name_is_there() -> None:
    for name in billtui.client.__all__:
        assert getattr(billtui.client, name).__name__ == name
    with pytest.raises(AttributeError):
        billtui.client.nothing_of_the_kind  # noqa: B018


def public_methods() -> list[str]:
    """``orders.list`` and so on: every public method of every resource of the client."""
    client = billtui.client.BillingClient(ConnectionSettings("https://panel.example"))
    found: list[str] = []
    for name, resource in vars(client).items():
        if isinstance(resource, Resource):
            for method, _ in inspect.getmembers(type(resource), inspect.isfunction):
                if not method.startswith("_") and method not in ("keep", "learn"):
                    found.append(f"{name}.{method}")
    return found


def test_every_public_method_is_called_by_some_test() -> None:
    sources = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    methods = public_methods()
    assert len(methods) >= 30
    untested = [name for name in methods if not re.search(rf"\bclient\.{re.escape(name)}\(", sources)]
    assert untested == []


def test_every_error_says_what_it_means_for_a_write() -> None:
    def below(kind: type[ClientError]) -> list[type[ClientError]]:
        return [kind, *(deeper for one in kind.__subclasses__() for deeper in below(one))]

    for kind in below(ClientError):
        assert isinstance(kind.outcome, Outcome)
        assert kind is ClientError or kind is OutcomeUnknown or kind("x").code == kind.default_code


@pytest.mark.parametrize(
    "url",
    [
        "https://panel.example",
        "https://panel.example:8443/billing/",
        "http://127.0.0.1:8765",
        "http://localhost:1",
        "http://[::1]:80",
        "https://[2001:db8::1]",
        " https://panel.example ",
    ],
)
def test_addresses_that_work(url: str) -> None:
    assert ConnectionSettings(url).address().host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "panel.example",
        "ftp://panel.example",
        "http://panel.example",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "https://",
        "https://user@panel.example",
        "https://panel.example/?token=x",
        "https://panel.example/#x",
        "https://panel.example:port",
        "https://panel.example:99999",
        "https://pa nel.example",
        "https://panel.example/ü",
        "https://[::1",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_do_not(url: str) -> None:
    with pytest.raises(ConfigurationProblem):
        ConnectionSettings(url).address()


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_clear_no(text: str) -> None:
    try:
        address = ConnectionSettings(f"https://{text}").address()
    except ConfigurationProblem:
        return
    assert address.origin.startswith("https://")


@pytest.mark.parametrize("fingerprint", ["", "abc", "zz" * 32, "ab" * 31])
def test_fingerprints_that_are_none(fingerprint: str) -> None:
    with pytest.raises(ConfigurationProblem):
        ConnectionSettings("https://panel.example", fingerprint=fingerprint).pinned()


@pytest.mark.parametrize("fingerprint", ["AB" * 32, ":".join(["ab"] * 32), "sha256:" + "ab" * 32])
def test_fingerprints_in_every_form(fingerprint: str) -> None:
    assert ConnectionSettings("https://panel.example", fingerprint=fingerprint).pinned() == bytes([0xAB] * 32)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX: y", "x" * 201, "ключ"])
def test_idempotency_keys_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        Write(key)


@pytest.mark.parametrize("changes", [{"ca_file": Path("/no/such/file")}, {"ca_file": Path(__file__)}])
async def test_authorities_that_cannot_be_read(connect: Connect, changes: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationProblem, match="ca_file"):
        async with connect("https://panel.example", **changes):
            pass


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://proxy.example", "socks5://proxy.example:1080"])
async def test_proxies_that_cannot_be_used(connect: Connect, proxy: str) -> None:
    with pytest.raises(ConfigurationProblem, match="proxy"):
        async with connect("https://panel.example", proxy=proxy):
            pass
