"""Secrets stay in headers and bodies: not in texts, representations, tracebacks, logs, or addresses."""

from __future__ import annotations

import contextlib
import html
import json
import logging
import re
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client import BillingClient, ClientError, ConfigurationProblem, ConnectionSettings, Write
from billtui.client.drivers.fossbilling.calling import signing
from billtui.client.echoes import secrets_of, without_echo
from billtui.client.exchange import Exchange
from billtui.domain.money import Money
from tests.client.client_kit import TOKEN, Connect
from tests.client.panel_stub import Line, PanelStub, Seen, answer, head, keeps, problem, reset, sends, silent
from tests.client.wire_objects import account

PASSWORD = "canary-password-55aa"
TOTP = "canary-totp-918273"
BODY = "canary-body-00ff"
CANARIES = (TOKEN, PASSWORD, TOTP, BODY)


async def everything(client: BillingClient) -> list[ClientError]:
    """Signs in, reads and pays; the errors of all three."""
    errors: list[ClientError] = []
    calls = (
        lambda: client.sessions.sign_in("olena.marsh", SecretStr(PASSWORD), SecretStr(TOTP)),
        lambda: client.account.me(),
        lambda: client.invoices.pay("5531", "internal", Money("12.50", "EUR"), Write("k-1")),
    )
    for call in calls:
        client.token = SecretStr(TOKEN)
        try:
            await call()
        except ClientError as error:
            errors.append(error)
    return errors


def texts_of(error: BaseException) -> str:
    """All that a crash report could print of it, and of what caused it."""
    seen: list[str] = []
    current: BaseException | None = error
    while current is not None:
        seen += [str(current), repr(current), repr(getattr(current, "__dict__", ""))]
        seen += traceback.format_exception(current)
        seen += traceback.TracebackException.from_exception(current, capture_locals=True).format()
        current = current.__cause__ or getattr(current, "cause_error", None)
    return "\n".join(seen)


ANSWERS = {
    "reset": reset,
    "silence": silent,
    "echo of the body as HTML": sends(answer(BODY.encode(), kind="text/html")),
    "broken JSON": sends(answer(b'{"x": "' + BODY.encode())),
    "wrong model": sends(answer(account(balances=BODY))),
    "redirect with a secret": sends(head("307 Moved", f"Location: https://x.example/?t={BODY}", "Content-Length: 0")),
    "illegal header": sends(head("200 OK", f"X: {BODY}\x00")),
    "500": sends(answer(BODY.encode(), "500 Oops", kind="text/plain")),
    "refused": sends(problem(401, "wrong-credentials")),
    "bad gzip": sends(answer(BODY.encode(), "200 OK", "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_no_secret_leaves_by_an_error_or_a_log(
    connect: Connect, name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "asyncio"):
        logging.getLogger(logger).setLevel(logging.DEBUG)
    async with PanelStub(ANSWERS[name]) as panel:
        async with connect(panel.url, read_deadline=0.3, write_deadline=0.3, tries=2) as client:
            errors = await everything(client)
            shown = repr(client) + repr(client.__dict__) + repr(client.settings)
        assert any(PASSWORD.encode() in seen.body for seen in panel.seen)
        assert all(canary not in seen.target for seen in panel.seen for canary in CANARIES)
    assert len(errors) == 3
    logs = "\n".join(f"{record.getMessage()} {record.args!r} {record.exc_text}" for record in caplog.records)
    out = "".join(capfd.readouterr())
    for canary in CANARIES:
        assert all(canary not in texts_of(error) for error in errors)
        assert canary not in logs
        assert canary not in shown
        assert canary not in out
    assert not [record for record in caplog.records if record.name.partition(".")[0] in ("httpx", "httpcore", "h11")]


SPITEFUL = {
    "problem": lambda seen: problem(
        403, "no", f"Not with {said(seen)}.", related={"password": said(seen)}, fields={"totp": said(seen)}
    ),
    "page": lambda seen: answer(f"<pre>{said(seen)}</pre>".encode(), "502 Oops", kind="text/html"),
    "address": lambda seen: problem(409, "no", "See https://x.example/?q=" + quote(said(seen))),
    "model": lambda seen: answer(account(email=said(seen))),
}
"""A panel, or a proxy before it, that repeats all it was sent."""


def said(seen: Seen) -> str:
    return f"{seen.headers.get('authorization', '')} {seen.body.decode()}"


@pytest.mark.parametrize("name", SPITEFUL)
async def test_what_a_panel_repeats_is_covered(connect: Connect, name: str) -> None:
    async def script(seen: Seen, line: Line) -> None:
        await line.send(SPITEFUL[name](seen))

    async with PanelStub(script) as panel:
        async with connect(panel.url, tries=1) as client:
            errors = await everything(client)
            with contextlib.suppress(ClientError):
                shown = repr(await client.account.me())
                assert TOKEN not in shown
                assert name != "model" or "(hidden)" in shown
        assert any(TOTP in seen.body.decode() for seen in panel.seen)
    assert errors
    for canary in CANARIES:
        assert all(canary not in texts_of(error) for error in errors)


def test_a_short_code_is_not_looked_for_inside_numbers() -> None:
    body = b'{"a": "123456", "n": 1234567, "m": "5.123456", "i": "x123456", "t": "code 123456, sent"}'
    covered = b'{"a": "(hidden)", "n": 1234567, "m": "5.123456", "i": "x123456", "t": "code (hidden), sent"}'
    assert without_echo(body, ["123456"]) == covered


@given(st.text('aB3/\\"é€𝄞%+ ', min_size=6, max_size=40), st.sampled_from([True, False]))
@example('/"\\\\"\\', True)
@example('\\\\\\\\/"\\\\\\', False)
@example("\\" * 7, True)
def test_any_secret_is_found_as_json_writes_it(secret: str, ascii_only: bool) -> None:
    body = json.dumps({"x": secret * 2, "y": [f"-{secret}-"]}, ensure_ascii=ascii_only).encode("utf-8", "replace")
    covered = json.loads(
        without_echo(body, secrets_of(Exchange("POST", "/", body={"p": {"q": [SecretStr(secret)]}}), None))
    )
    assert secret not in covered["y"][0]


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationProblem) as caught:
        BillingClient(ConnectionSettings(f"https://olena:{PASSWORD}@panel.example"))
    assert PASSWORD not in str(caught.value) + "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("host", ["stra\xdfe.example", "panel.example%2eevil.example", "pan\u0435l.example", "a,b"])
def test_a_host_that_libraries_read_differently_is_refused(host: str) -> None:
    """Reads and sign-ins go by different libraries: both have to ask the same host."""
    with pytest.raises(ConfigurationProblem, match="xn--"):
        BillingClient(ConnectionSettings(f"https://{host}"))


async def test_a_proxys_password_is_never_shown(connect: Connect) -> None:
    client = connect("https://panel.example", proxy=f"http://user:{PASSWORD}@127.0.0.1:1")
    assert PASSWORD not in repr(client.settings)
    async with client:
        with pytest.raises(ClientError) as caught:
            await client.account.me()
    assert PASSWORD not in texts_of(caught.value)


async def test_a_token_is_not_sent_when_signing_in(connect: Connect) -> None:
    async with PanelStub(keeps(problem(401, "wrong-credentials"))) as panel, connect(panel.url) as client:
        await everything(client)
        assert "authorization" not in panel.seen[0].headers
        assert panel.seen[1].headers["authorization"] == f"Bearer {TOKEN}"
        assert panel.seen[0].json() == {"login": "olena.marsh", "password": PASSWORD, "totp": TOTP}


async def test_the_environment_is_not_looked_at(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keylog = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keylog))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login x password {PASSWORD}\n")
    async with PanelStub(silent) as proxy, PanelStub(keeps(answer(account()))) as panel:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with connect(panel.url, token=None) as client:
            await client.account.me()
        async with connect("https://localhost:1", token=None, tries=1) as client:
            with pytest.raises(ClientError):
                await client.account.me()
        assert proxy.connections == 0
        assert "authorization" not in panel.seen[0].headers
    assert not keylog.exists()


async def test_cookies_are_not_kept(connect: Connect) -> None:
    async def script(_seen: Seen, line: Line) -> None:
        await line.send(answer(account(), "200 OK", "Set-Cookie: a=b"))

    async with PanelStub(script) as panel, connect(panel.url) as client:
        await client.account.me()
        await client.account.me()
        assert "cookie" not in panel.seen[1].headers


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "form": quote_plus,
    "address": quote,
    "address in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote_plus(text)),
    "address in an address": lambda text: quote(quote(text, safe=""), safe=""),
    "html": html.escape,
    "php's html": lambda text: html.escape(text).replace("&#x27;", "&#039;"),
    "xml": lambda text: html.escape(text, quote=False),
    "html twice": lambda text: html.escape(html.escape(text)),
    "php's json": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "php's json, unicode as it is": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "json for web pages": lambda text: json.dumps(text)[1:-1].replace("<", "\\u003C").replace("&", "\\u0026"),
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json in html": lambda text: html.escape(json.dumps(text)),
    "html in json": lambda text: json.dumps(html.escape(text)),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 of a pair": lambda text: b64encode(f"client:{text}".encode()).decode(),
    "base64 of something around it": lambda text: b64encode(f"ab{text}, and more".encode()).decode(),
    "base64 in an address": lambda text: quote_plus(b64encode(f"u:{text}".encode()).decode()),
    "base64 in php's json": lambda text: b64encode(text.encode()).decode().replace("/", "\\/"),
    "hexadecimal digits": lambda text: text.encode().hex(),
    "capitals": lambda text: text.encode().upper().decode(),
    "small letters": lambda text: text.encode().lower().decode(),
    "php": lambda text: f's:{len(text.encode())}:"{text}"',
}
"""How panels, proxies and their error pages write what they repeat."""


@pytest.mark.parametrize("way", SPELLINGS)
@given(st.text("aB3/\\\"é€𝄞%+ <>&'~:=\n", min_size=8, max_size=30))
@example("pa ss<w&o\"r'd/é+%~x")
@example("3333\\é")
@example('\\\\"\\/<&')
def test_a_secret_is_covered_however_it_is_written(way: str, secret: str) -> None:
    shown = SPELLINGS[way](secret)
    covered = without_echo(
        f"[{shown}]".encode(), secrets_of(Exchange("POST", "/", body={"p": SecretStr(secret)}), None)
    )
    inner = shown.strip('"') if "base64" not in way else b64encode(secret.encode()).decode()[3:-4]
    assert inner.encode() not in covered
    assert b"(hidden)" in covered


@pytest.mark.parametrize("secret", ["k3y", "1234", "a-b9", "true", "pässe"])
def test_a_very_short_secret_is_covered_as_a_word(secret: str) -> None:
    """Not inside of other words, and neither a number nor a name of JSON: the answer stays what it is."""
    body = {"a": f"wrong password: {secret}x, x{secret}", "b": f"with '{secret}'", secret: 1, "n": 1234, "t": True}
    covered = json.loads(without_echo(json.dumps({**body, "c": secret}).encode(), [secret]))
    assert covered == {**body, "b": "with '(hidden)'", "c": "(hidden)"}
    form = f"<p>login=x&password={secret}&json=1</p>".encode()
    assert secret.encode() not in without_echo(form, [secret])


async def test_heads_of_answers_are_covered_too(connect: Connect) -> None:
    """The number of a request and the host of a redirect are shown: neither shows a secret, in whatever letters."""

    async def script(seen: Seen, line: Line) -> None:
        token = seen.headers["authorization"].rpartition(" ")[2]
        said = (f"X-Request-Id: r-{token.upper()}", f"Location: https://{token}.panel.example/?t={token}")
        await line.send(head("302 Found", *said, "Content-Length: 0"))

    async with PanelStub(script) as panel, connect(panel.url, tries=1) as client:
        with pytest.raises(ClientError) as caught:
            await client.account.me()
    assert TOKEN.lower() not in f"{caught.value} {vars(caught.value)}".lower()
    assert caught.value.request_id == "r-(hidden)"
    assert "(hidden).panel.example" in str(caught.value)


def test_a_sessions_cookie_is_covered_without_its_name() -> None:
    signed = signing(Exchange("POST", "/", body={}), "client", SecretStr("session:0a1b2c3d4e5f6071"))
    answer = b'{"message": "Session 0a1b2c3d4e5f6071 is over", "cookie": "PHPSESSID=0a1b2c3d4e5f6071"}'
    covered = without_echo(answer, secrets_of(signed, SecretStr("session:0a1b2c3d4e5f6071")))
    assert b"0a1b2c3d" not in covered


def test_a_long_answer_of_backslashes_takes_no_long_time() -> None:
    secret = '\\"\\" \\/&\\"' * 3
    began = time.process_time()
    without_echo(b"\\" * 200_000 + b"&amp;" * 50_000 + b"%25" * 50_000, [secret])
    assert time.process_time() - began < 5
