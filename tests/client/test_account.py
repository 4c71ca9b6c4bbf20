"""How one gets in, through the client (ACC-2, ACC-3, ACC-5, ACC-6, ACC-8): against the panel, and byte for byte."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from pydantic import SecretStr

from billtui.client import (
    BillingClient,
    Forbidden,
    InvalidInput,
    LockedOut,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RuleRefused,
    SessionExpired,
    ShutOut,
    SignInRefused,
    TotpRequired,
    Write,
)
from billtui.client.errors import ClientError, Outcome
from billtui.domain.models import ApiKeyRequest
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, answer, head, problem, reset, sends
from tests.client.wire_objects import account
from tests.support.sandbox import SandboxProcess

NEW = SecretStr("quite another phrase")
WRONG = SecretStr("not this one")


@pytest.fixture
def panel(own_sandbox: Callable[..., SandboxProcess]) -> SandboxProcess:
    """A panel of the test's own: it changes passwords."""
    return own_sandbox(fleet=5)


@pytest.fixture
async def client(connect: Connect, panel: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the first client."""
    async with connect(panel.url, token=None, read_deadline=20, write_deadline=20) as opened:
        await opened.sessions.sign_in(login_of(panel), password_of(panel))
        yield opened


def login_of(panel: SandboxProcess) -> str:
    return str(panel.account()["login"])


def password_of(panel: SandboxProcess) -> SecretStr:
    return SecretStr(panel.account()["password"])


def device(secret: SecretStr, later: int = 0) -> SecretStr:
    """What the device shows, ``later`` steps from now."""
    return SecretStr(pyotp.TOTP(secret.get_secret_value()).at(int(time.time()) + 30 * later))


async def with_key(connect: Connect, panel: SandboxProcess, client: BillingClient, **wish: object) -> BillingClient:
    """A second client that is let in by a new API key."""
    request = ApiKeyRequest.model_validate({"label": "ci", **wish})
    made = await client.account.create_api_key(request, password_of(panel))
    return connect(panel.url, token=made.secret.get_secret_value(), read_deadline=20, write_deadline=20)


# --- against the panel


async def test_a_password_is_changed(client: BillingClient, panel: SandboxProcess, connect: Connect) -> None:
    """ACC-2: other sessions are out, this one stays; a rule's words come at the field."""
    with pytest.raises(Forbidden) as wrong:
        await client.account.change_password(WRONG, NEW)
    assert (wrong.value.code, wrong.value.outcome) == ("wrong-password", Outcome.REFUSED)
    with pytest.raises(InvalidInput) as short:
        await client.account.change_password(password_of(panel), SecretStr("tiny"))
    assert short.value.code == "password-too-short"
    assert short.value.problem is not None and "new_password" in short.value.problem.fields
    async with connect(panel.url, token=panel.sign_in()) as elsewhere:
        await elsewhere.account.me()
        await client.account.change_password(password_of(panel), NEW)
        with pytest.raises(SessionExpired):
            await elsewhere.account.me()
        await client.account.me()
        with pytest.raises(SignInRefused):
            await elsewhere.sessions.sign_in(login_of(panel), password_of(panel))
        await elsewhere.sessions.sign_in(login_of(panel), NEW)


async def test_wrong_passwords_lock(client: BillingClient) -> None:
    """ACC-6."""
    for _ in range(5):
        with pytest.raises(Forbidden):
            await client.account.change_password(WRONG, NEW)
    with pytest.raises(LockedOut) as locked:
        await client.account.change_password(WRONG, NEW)
    assert 0 < (locked.value.retry_after or 0) <= 900


async def test_a_second_factor_from_begin_to_off(
    client: BillingClient, panel: SandboxProcess, connect: Connect
) -> None:
    """ACC-6."""
    password, login = password_of(panel), login_of(panel)
    with pytest.raises(RuleRefused) as early:
        await client.account.confirm_totp(password, SecretStr("123456"))
    assert early.value.code == "totp-not-begun"
    setup = await client.account.begin_totp(password)
    assert setup.uri.get_secret_value().startswith("otpauth://totp/")
    assert setup.secret.get_secret_value() not in repr(setup)
    with pytest.raises(Forbidden) as wrong:
        await client.account.confirm_totp(password, SecretStr("abcdef"))
    assert wrong.value.code == "wrong-totp"
    first = await client.account.confirm_totp(password, device(setup.secret))
    assert len(first.codes) == 10
    mine = await client.account.me()
    assert (mine.totp, mine.recovery_codes_left) == (True, 10)
    second = await client.account.renew_recovery_codes(password, device(setup.secret, later=1))
    async with connect(panel.url, token=None) as other:
        with pytest.raises(TotpRequired):
            await other.sessions.sign_in(login, password)
        with pytest.raises(SignInRefused):
            await other.sessions.sign_in(login, password, first.codes[0])
        await other.sessions.sign_in(login, password, second.codes[0])
        assert (await other.account.me()).recovery_codes_left == 9
    await client.account.turn_totp_off(password, second.codes[1])
    mine = await client.account.me()
    assert (mine.totp, mine.recovery_codes_left) == (False, None)


async def test_api_keys_from_making_to_revoking(client: BillingClient, panel: SandboxProcess, connect: Connect) -> None:
    """ACC-5."""
    until = datetime.now(UTC) + timedelta(days=30)
    request = ApiKeyRequest(label="reports", expires_at=until, read_only=True, networks=("127.0.0.1",))
    made = await client.account.create_api_key(request, password_of(panel))
    assert made.key.last_four == made.secret.get_secret_value()[-4:]
    assert (made.key.read_only, made.key.networks, made.key.expires_at) == (True, ["127.0.0.1/32"], until)
    assert await client.account.api_keys() == [made.key]
    async with connect(panel.url, token=made.secret.get_secret_value()) as by_key:
        mine = await by_key.account.me()
        assert (mine.signed_in_by, mine.key_read_only) == ("api-key", True)
        order = (await by_key.orders.list(state="active", open_invoice="no")).items[0]
        await by_key.quotes.renewal([order.id], 1)
        with pytest.raises(Forbidden) as reading:
            await by_key.orders.rename(order.id, "renamed", Write(uuid.uuid4().hex))
        with pytest.raises(Forbidden) as session:
            await by_key.account.api_keys()
        assert (reading.value.code, session.value.code) == ("api-key-read-only", "session-needed")
        assert (await client.account.set_api_access(False, password_of(panel))).api_access is False
        with pytest.raises(ShutOut) as off:
            await by_key.account.me()
        assert off.value.code == "api-access-disabled"
        assert (await client.account.set_api_access(True, password_of(panel))).api_access is True
        assert (await by_key.account.me()).login == login_of(panel)
        await client.account.revoke_api_key(made.key.id, password_of(panel))
        with pytest.raises(SessionExpired):
            await by_key.account.me()
    with pytest.raises(NotFound):
        await client.account.revoke_api_key(made.key.id, password_of(panel))
    with pytest.raises(InvalidInput) as network:
        await client.account.create_api_key(ApiKeyRequest(label="x", networks=("10.0.0.1/8",)), password_of(panel))
    assert network.value.code == "not-a-network" and "10.0.0.0/8" in str(network.value)


async def test_a_key_outlives_a_changed_password(
    client: BillingClient, panel: SandboxProcess, connect: Connect
) -> None:
    """ACC-2."""
    async with await with_key(connect, panel, client) as by_key:
        await client.account.change_password(password_of(panel), NEW)
        assert (await by_key.account.me()).signed_in_by == "api-key"


async def test_a_forgotten_password(client: BillingClient, panel: SandboxProcess, connect: Connect) -> None:
    """ACC-3: the code of the mail, once; nothing needs a session; unknown addresses are answered alike."""
    async with connect(panel.url, token=None) as stranger:
        await stranger.account.ask_recovery("nobody@nowhere.example")
        await stranger.account.ask_recovery(panel.account()["email"])
        mails = panel.call("GET", "/sandbox/mail")[1]["items"]
        (code,) = (SecretStr(mail["code"]) for mail in mails if mail["event"] == "password-recovery")
        with pytest.raises(InvalidInput):
            await stranger.account.recover(code, SecretStr("tiny"))
        await stranger.account.recover(code, NEW)
        with pytest.raises(RuleRefused) as used:
            await stranger.account.recover(code, NEW)
        assert used.value.code == "recovery-code-used"
        with pytest.raises(RuleRefused) as unknown:
            await stranger.account.recover(SecretStr("abcde-abcde"), NEW)
        assert unknown.value.code == "recovery-code-unknown"
        await stranger.sessions.sign_in(login_of(panel), NEW)
    with pytest.raises(SessionExpired):
        await client.account.me()


async def test_notifications_event_by_event(client: BillingClient) -> None:
    """ACC-8: what is not named stays; what is fixed cannot be turned off."""
    before = {str(rule.event): rule for rule in (await client.account.me()).notifications}
    assert before["order-soon-deleted"].fixed == ["email"]
    wanted = {"period-ending": {"email": False, "telegram": True}}
    after = await client.account.change_notifications(wanted, Write(uuid.uuid4().hex))
    changed = {str(rule.event): dict(rule.channels) for rule in after.notifications}
    expected = {event: dict(rule.channels) for event, rule in before.items()} | wanted
    assert changed == expected
    with pytest.raises(InvalidInput):
        await client.account.change_notifications({"order-soon-deleted": {"email": False}}, Write(uuid.uuid4().hex))


# --- byte for byte

CALLS: dict[str, tuple[Callable[[BillingClient], Awaitable[object]], str, object, bytes]] = {
    "change_password": (
        lambda client: client.account.change_password(SecretStr("old"), SecretStr("new")),
        "/me/password",
        {"current_password": "old", "new_password": "new"},
        head("204 No Content"),
    ),
    "begin_totp": (
        lambda client: client.account.begin_totp(SecretStr("old")),
        "/me/totp",
        {"action": "begin", "current_password": "old"},
        answer({"secret": "S", "uri": "otpauth://totp/x"}),
    ),
    "confirm_totp": (
        lambda client: client.account.confirm_totp(SecretStr("old"), SecretStr("1")),
        "/me/totp",
        {"action": "confirm", "current_password": "old", "code": "1"},
        answer({"codes": ["a", "b"]}),
    ),
    "renew_recovery_codes": (
        lambda client: client.account.renew_recovery_codes(SecretStr("old"), SecretStr("1")),
        "/me/totp",
        {"action": "new-codes", "current_password": "old", "code": "1"},
        answer({"codes": ["a", "b"]}),
    ),
    "turn_totp_off": (
        lambda client: client.account.turn_totp_off(SecretStr("old"), SecretStr("1")),
        "/me/totp",
        {"action": "off", "current_password": "old", "code": "1"},
        head("204 No Content"),
    ),
    "create_api_key": (
        lambda client: client.account.create_api_key(ApiKeyRequest(label="ci", networks=("::1",)), SecretStr("old")),
        "/me/api-keys",
        {"label": "ci", "read_only": False, "networks": ["::1"], "current_password": "old"},
        answer(
            {
                "key": {"id": "k", "label": "ci", "last_four": "wxyz", "created_at": "2031-01-01T00:00:00Z"},
                "secret": "bpk_wxyz",
            },
            "201 Created",
        ),
    ),
    "revoke_api_key": (
        lambda client: client.account.revoke_api_key("k/1", SecretStr("old")),
        "/me/api-keys/k%2F1/revoke",
        {"current_password": "old"},
        head("204 No Content"),
    ),
    "set_api_access": (
        lambda client: client.account.set_api_access(False, SecretStr("old")),
        "/me/api-access",
        {"on": False, "current_password": "old"},
        answer(account(api_access=False)),
    ),
    "ask_recovery": (
        lambda client: client.account.ask_recovery("a@b.example"),
        "/password-recovery",
        {"email": "a@b.example"},
        head("202 Accepted", "Content-Length: 0"),
    ),
    "recover": (
        lambda client: client.account.recover(SecretStr("c"), SecretStr("new")),
        "/password-recovery/confirm",
        {"code": "c", "new_password": "new"},
        head("204 No Content"),
    ),
}
WITHOUT_SESSION = {"ask_recovery", "recover"}


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_sent(connect: Connect, name: str) -> None:
    """One request; nothing secret in the address; no token where nobody is signed in; no key, as nothing is stored."""
    call, path, body, answered = CALLS[name]
    async with PanelStub(sends(answered)) as panel, connect(panel.url) as client:
        await call(client)
    (seen,) = panel.seen
    assert (seen.method, seen.target, seen.json()) == ("POST", f"/api/v1{path}", body)
    assert ("authorization" in seen.headers) is (name not in WITHOUT_SESSION)
    assert "idempotency-key" not in seen.headers


@pytest.mark.parametrize("name", CALLS)
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(connect: Connect, name: str) -> None:
    call, *_ = CALLS[name]
    async with PanelStub(reset) as panel, connect(panel.url) as client:
        with pytest.raises(ClientError) as lost:
            await call(client)
    assert lost.value.outcome is Outcome.UNKNOWN
    assert isinstance(lost.value, OutcomeUnknown) or name == "ask_recovery"
    assert len(panel.seen) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "wrong-password", Forbidden),
        (403, "session-needed", Forbidden),
        (403, "api-access-disabled", ShutOut),
        (403, "api-key-network", ShutOut),
        (409, "totp-on", RuleRefused),
        (422, "password-too-short", InvalidInput),
        (423, "locked-out", LockedOut),
        (429, "rate-limited", RateLimited),
    ],
)
async def test_what_is_answered(connect: Connect, status: int, code: str, kind: type[ClientError]) -> None:
    """The panel's own words; never the advice to take another account for what this one may do otherwise."""
    said = problem(status, code, "The panel says so.", "Retry-After: 7")
    async with PanelStub(sends(said)) as panel, connect(panel.url) as client:
        with pytest.raises(kind) as refused:
            await client.account.change_password(SecretStr("old"), SecretStr("new"))
    assert refused.value.code == code
    assert "The panel says so." in str(refused.value)
    assert "account that may" not in str(refused.value)
