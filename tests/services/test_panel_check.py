"""Looking at a panel before anybody signs in: reached, proven, of a known kind; each trouble in words."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billtui.client.certificate import look_at_certificate
from billtui.client.errors import CertificateReason, ConfigurationProblem
from billtui.client.probe import look_at_panel
from billtui.client.settings import ConnectionSettings
from billtui.services.panel_check import PanelCheck, check_panel, clock_hint, pin_refusal
from tests.client.client_kit import Certificate, make_certificate
from tests.client.panel_stub import Line, PanelStub, Script, Seen, answer, head, problem, sends
from tests.support.sandbox import SandboxProcess

DAY = timedelta(days=1)
IS_ONE = sends(problem(401, "session-expired", "Sign in again"))


def settings(url: str, **more: Any) -> ConnectionSettings:
    """Short deadlines."""
    return ConnectionSettings(url, connect_timeout=5, idle_timeout=5, **more)


async def look(script: Script, certificate: Certificate | None = None, **more: Any) -> tuple[PanelCheck, int]:
    """What came of it, and how many requests arrived."""
    async with PanelStub(script, tls=None if certificate is None else certificate.server) as panel:
        return await check_panel(settings(panel.url, **more)), len(panel.seen)


def words(check: PanelCheck) -> str:
    """All of it."""
    return " ".join((check.fact, *check.advice))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For certificates."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Certificate:
    """Somebody's own."""
    return make_certificate(folder, "Example Authority")


async def test_the_reference_panel_is_recognised(sandbox_server: SandboxProcess) -> None:
    sandbox_server.faults()
    check = await check_panel(settings(sandbox_server.url))
    assert check.usable
    assert check.seen is not None
    assert check.seen.kind == "billing_v1"
    assert check.seen.clock_skew is not None
    assert check.error is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (sends(answer(b"<html><title>Client Area - WHMCS</title>", kind="text/html")), "WHMCS, by the words"),
        (sends(answer(b"<body>Powered by BILLmanager", "404 No", kind="text/html")), "BILLmanager"),
        (sends(answer(b"<title>Grandma's \x1b[2J recipes</title>", kind="text/html")), "a web page called “Grandma's"),
        (sends(answer({"hello": 1})), "some other service"),
        (sends(head("301 Moved", "Location: https://other.example/x?token=s3cret", "Content-Length: 0")),
         "points to https://other.example."),
        (sends(answer(b"", "403 No", kind="text/plain")), "status 403"),
    ],
)  # fmt: skip
async def test_other_kinds_are_named_and_not_supported(script: Script, said: str) -> None:
    check, _ = await look(script)
    assert not check.usable
    assert said in words(check)
    assert "\x1b" not in words(check)
    assert "s3cret" not in words(check)
    assert not check.ways


async def test_trouble_of_the_panel_is_not_taken_for_another_kind() -> None:
    check, _ = await look(sends(problem(503, "maintenance", "Down for an hour")))
    assert not check.usable
    assert "trouble" in check.fact
    assert "Down for an hour" in check.fact


async def test_nobody_there_and_unknown_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        check = await check_panel(settings(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "connection refused" in check.fact
    assert any("proxy" in one for one in check.advice)

    async def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    check = await check_panel(settings("https://panel.example"))
    assert "the name is not known" in check.fact


async def test_plain_text_behind_https_says_so() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        check = await check_panel(settings(f"https://localhost:{server.sockets[0].getsockname()[1]}"))
    assert "not with TLS" in words(check)


async def test_a_self_signed_certificate_by_file_or_by_pin(folder: Path) -> None:
    """Nothing is sent until it is proven; both ways lead on."""
    own = make_certificate(folder, "localhost")
    check, requests = await look(IS_ONE, own)
    assert (check.usable, requests) == (False, 0)
    assert check.reason is CertificateReason.SELF_SIGNED
    assert check.ways == {"ca", "pin"}
    assert check.certificate is not None
    assert check.certificate.fingerprint == own.fingerprint
    assert check.certificate.self_signed
    assert check.certificate.grouped.replace(":", "").lower() == own.fingerprint
    for trust in ({"ca_file": own.file}, {"fingerprint": own.fingerprint}):
        check, requests = await look(IS_ONE, own, **trust)
        assert check.usable
        assert requests == 1


async def test_an_own_authority_is_named(folder: Path, authority: Certificate) -> None:
    signed = make_certificate(folder, "localhost", signed_by=authority)
    check, _ = await look(IS_ONE, signed)
    assert check.reason is CertificateReason.UNKNOWN_AUTHORITY
    assert "“Example Authority”, which this computer does not know" in check.fact
    assert check.ways == {"ca", "pin"}
    check, _ = await look(IS_ONE, signed, ca_file=authority.file)
    assert check.usable
    other = make_certificate(folder, "Other Authority")
    check, _ = await look(IS_ONE, signed, ca_file=other.file)
    assert check.reason is CertificateReason.UNKNOWN_AUTHORITY
    assert f"which is not in {other.file}" in check.fact


@pytest.mark.parametrize(
    ("host", "begins", "ends", "reason", "said", "ways"),
    [
        ("localhost", -3 * DAY, -DAY, CertificateReason.EXPIRED, "ended on", {"pin"}),
        ("localhost", DAY, 2 * DAY, CertificateReason.NOT_YET_VALID, "begins on", set()),
        ("elsewhere.example", -DAY, DAY, CertificateReason.WRONG_NAME,
         "made for elsewhere.example, not for localhost", {"pin"}),
    ],
)  # fmt: skip
async def test_expired_early_and_foreign_certificates(
    folder: Path,
    authority: Certificate,
    host: str,
    begins: timedelta,
    ends: timedelta,
    reason: CertificateReason,
    said: str,
    ways: set[str],
) -> None:
    made = make_certificate(folder, host, begins=begins, ends=ends, signed_by=authority)
    check, requests = await look(IS_ONE, made, ca_file=authority.file)
    assert (check.reason, requests) == (reason, 0)
    assert said in check.fact
    assert check.ways == ways


async def test_another_certificate_than_the_pinned_one_warns(folder: Path) -> None:
    own = make_certificate(folder, "localhost")
    check, requests = await look(IS_ONE, own, fingerprint="ab" * 32)
    assert check.reason is CertificateReason.NOT_PINNED
    assert requests == 0
    assert "somebody stands in between" in check.fact


async def test_pinning_wants_digits_from_elsewhere(folder: Path) -> None:
    own = make_certificate(folder, "localhost")
    check, _ = await look(IS_ONE, own)
    shown = check.certificate
    assert shown is not None
    for right in (own.fingerprint, own.fingerprint[-8:], shown.grouped, f"SHA256:{shown.grouped}"):
        assert pin_refusal(right, shown) is None
    wrong = f"{int(own.fingerprint[-8:], 16) ^ 1:08x}"
    assert "another certificate" in str(pin_refusal(wrong, shown))
    assert "8 digits or more" in str(pin_refusal(own.fingerprint[-4:], shown))
    for nothing in ("", "yes", "the same"):
        assert "as the administrator gave it" in str(pin_refusal(nothing, shown))


async def test_a_certificate_is_looked_at_through_a_proxy(folder: Path) -> None:
    """The proxy gets CONNECT and nothing else."""
    own = make_certificate(folder, "localhost")
    async with PanelStub(IS_ONE, tls=own.server) as panel:
        asked: list[bytes] = []

        async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(4096):
                target.write(data)

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            inner, outer = await asyncio.open_connection("127.0.0.1", panel.port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.wait(
                [asyncio.ensure_future(carry(reader, outer)), asyncio.ensure_future(carry(inner, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            writer.close()
            outer.close()

        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with server:
            through = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            seen = await look_at_certificate(settings("https://panel.example:8443", proxy=through))
        assert seen.fingerprint == own.fingerprint
        assert asked == [b"CONNECT panel.example:8443 HTTP/1.1\r\nHost: panel.example:8443\r\n\r\n"]
        assert panel.seen == []


async def test_a_certificate_that_cannot_be_had() -> None:
    with pytest.raises(ConfigurationProblem):
        await look_at_certificate(settings("http://127.0.0.1:1"))
    with pytest.raises(ConfigurationProblem, match="administrator"):
        await look_at_certificate(settings("https://panel.example", proxy="https://proxy.example"))


def test_clocks_that_differ_are_told() -> None:
    assert clock_hint(None) == clock_hint(timedelta(seconds=100)) == ()
    assert "300 s behind" in clock_hint(timedelta(seconds=-300))[0]


def by_path(**answers: bytes) -> Script:
    """Answers by the path's last word; everything else is not there."""

    async def script(seen: Seen, line: Line) -> None:
        last = seen.path.rstrip("/").rpartition("/")[2].partition(".")[0]
        await line.send(answers.get(last, answer(b"no", "404 Not Found", kind="text/plain")))
        line.close()

    return script


@pytest.mark.parametrize(
    ("path", "script", "kind"),
    [
        ("", by_path(version=answer({"result": "0.6", "error": None})), "fossbilling"),
        ("", by_path(billmgr=answer({"doc": {"error": {"$type": "auth"}}}, kind="text/plain")), "billmanager"),
        ("/manager/billmgr", by_path(billmgr=answer({"doc": {}})), "billmanager"),
        ("/my/apih.php", by_path(apih=answer({"status": "ERROR", "errorCode": "1", "errorMsg": "нет"})), "rootpanel"),
    ],
)
async def test_other_kinds_are_known_by_their_answers(path: str, script: Script, kind: str) -> None:
    """Nothing secret is asked with: no login, no key, no cookie."""
    async with PanelStub(script) as panel:
        seen = await look_at_panel(settings(panel.url + path))
        sent = " ".join(f"{one.target} {one.headers} {one.body!r}" for one in panel.seen).lower()
    assert seen.kind == kind
    for word in ("authorization", "cookie", "apikey", "login=", "password"):
        assert word not in sent


async def test_a_gateway_is_asked_at_its_own_address_only() -> None:
    check, requests = await look(by_path())
    assert not check.usable and requests > 1
    async with PanelStub(by_path()) as panel:
        assert (await look_at_panel(settings(f"{panel.url}/bill/apih.php"))).kind is None
        assert [one.target for one in panel.seen] == ["/bill/apih.php"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"status": 5}', b'{"doc": 1}', b'{"result": 1}', b"\xff\xfe", b"null"])
async def test_no_answer_makes_a_look_fail(body: bytes) -> None:
    for path in ("", "/apih.php", "/billmgr"):
        async with PanelStub(sends(answer(body))) as panel:
            assert (await look_at_panel(settings(panel.url + path))).kind is None


async def test_the_kind_of_the_profile_is_compared() -> None:
    async with PanelStub(IS_ONE) as panel:
        assert (await check_panel(settings(panel.url), "billing_v1")).usable
        other = await check_panel(settings(panel.url), "rootpanel")
    assert not other.usable
    assert "--kind billing_v1" in words(other)
