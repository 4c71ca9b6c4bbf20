"""What a panel can do to have its secrets sent elsewhere, or in another way, on every kind: nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ClientError, ConnectionSettings
from billtui.client.drivers.kinds import make_driver
from billtui.client.exchange import Call
from billtui.client.pace import UNSPARED
from billtui.client.probe import look_at_panel
from tests.client.panel_stub import Line, PanelStub, Script, Seen, answer, head, keeps
from tests.secrecy.test_what_panels_repeat import CALLS, LOGIN, OPTIONS, PASSWORD, TOKENS

Calls = tuple[Callable[[BillingClient], Awaitable[object]], ...]
COOKIES = ("Set-Cookie: PHPSESSID=planted0123456789; path=/", "Set-Cookie: billmgrses5=planted0123456789; path=/")


def client_of(way: str, url: str) -> BillingClient:
    """A client that signs in again by itself, with the password."""
    kind, token = way.partition(" ")[0], SecretStr(TOKENS[way])
    driver = make_driver(kind, LOGIN, OPTIONS.get(way, {}))
    driver.traits = replace(driver.traits, pace=UNSPARED)

    async def again() -> SecretStr | None:
        with contextlib.suppress(ClientError):
            return (await made.sessions.sign_in(LOGIN, SecretStr(PASSWORD))).token
        return None

    settings = ConnectionSettings(url, tries=2, retry_base=0.001, read_deadline=5, write_deadline=5)
    made = BillingClient(settings, token, driver=driver, on_session_expired=again)
    return made


async def all_calls(way: str, url: str, calls: Calls = CALLS) -> None:
    async with client_of(way, url) as client:
        for call in calls:
            client.token = SecretStr(TOKENS[way])
            with contextlib.suppress(ClientError):
                await call(client)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("way", TOKENS)
async def test_a_redirect_is_not_followed(way: str, status: str) -> None:
    async with PanelStub(keeps(answer({}))) as other:

        async def script(seen: Seen, line: Line) -> None:
            await line.send(head(status, f"Location: {other.url}{seen.target}", "Content-Length: 0", *COOKIES))

        async with PanelStub(script) as panel:
            await all_calls(way, panel.url)
            assert len(panel.seen) >= 2  # a gateway has few of these calls; the others send nearly all
        assert other.connections == 0


@pytest.mark.parametrize("way", TOKENS)
async def test_a_cookie_that_nobody_signed_in_for_is_not_sent(way: str) -> None:
    """Whatever an answer sets, and to whomever it is said to belong, goes along with no later request."""
    said = answer({"doc": {}, "result": {}, "error": None, "status": "SUCCESS"}, "200 OK", *COOKIES)
    async with PanelStub(keeps(said)) as panel:
        await all_calls(way, panel.url, CALLS[:4])
        assert panel.seen
        assert not [seen for seen in panel.seen if "planted" in seen.headers.get("cookie", "") + seen.body.decode()]


TARGETS = [
    "//HOST/long", "https://HOST/long/billmgr", "/\\HOST/long/billmgr", "@HOST/long/billmgr", "/a//HOST/long/billmgr",
    ".@HOST/long/billmgr", "/long/billmgr@HOST", "/../long/billmgr", "/%2e%2e/long/billmgr", ":80@HOST/long/billmgr",
    "long/billmgr?x=HOST",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
async def test_the_place_of_a_long_request_is_on_the_panels_host(target: str) -> None:
    """BILLmanager says where a late answer will be: the session goes there, so it is a path of this panel."""
    async with PanelStub(keeps(answer({"doc": {}}))) as other:
        page = f'<html><a href="{target.replace("HOST", other.url.removeprefix("http://"))}">wait</a></html>'
        async with PanelStub(keeps(answer(page.encode(), kind="text/html"))) as panel:
            async with client_of("billmanager", panel.url) as client:
                call = client.driver.me()
                steps = call.begin()  # type: ignore[union-attr]  # a conversation
                first = next(steps)
                assert isinstance(first, Call)
                answered = await client._transport.send(first.exchange, None, 5)
                try:
                    look = steps.send(first.read(answered))
                except ClientError:
                    assert not target.startswith("long"), "the control: one of them leads on"
                    return
                assert isinstance(look, Call)
                sent = replace(look.exchange, pause=0.0)
                await client._transport.send(client.driver.authorised(sent, SecretStr("a-session-id")), None, 5)
            assert panel.seen[-1].target.startswith("/")
        assert other.connections == 0


GATEWAY = b'{"status": "ERROR", "errorCode": "1", "errorMsg": "no"}'
FACES: dict[str, Script] = {
    "a gateway": keeps(answer(GATEWAY, "200 OK", *COOKIES)),
    "everything at once": keeps(answer({"doc": {}, "result": 1, "error": None, "status": "ERROR"}, "200 OK", *COOKIES)),
    "a question for a password": keeps(answer({}, "401 No", 'WWW-Authenticate: Basic realm="x"', *COOKIES)),
    "a page": keeps(answer(b"<title>FOSSBilling</title>", kind="text/html")),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("path", ["", "/billmgr", "/my/apih.php"])
async def test_looking_who_is_there_says_nothing(face: str, path: str) -> None:
    """Neither a login nor anything secret, and no cookie that an earlier answer set."""
    async with PanelStub(FACES[face]) as panel:
        with contextlib.suppress(ClientError):
            await look_at_panel(ConnectionSettings(f"{panel.url}{path}", account=LOGIN))
        assert panel.seen
        for seen in panel.seen:
            assert not {"authorization", "cookie", "proxy-authorization"} & seen.headers.keys()
            assert seen.body in (b"", b"command=getBalance&json=1")
            assert LOGIN not in seen.target
