"""Single calls that are neither journalled nor repeated: what is sent, what a lost answer means, what is kept (ACC)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from pydantic import SecretStr

from billtui.client.errors import Forbidden, OutcomeUnknown, SessionExpired
from billtui.domain.models import Account, ApiKeyRequest
from billtui.services import account_care
from billtui.services.session_settings import ReadOnlySession
from tests.services.session.test_session_sandbox import session_at
from tests.support.command_line import PASSWORD
from tests.support.sandbox import SandboxProcess

StartSandbox = Callable[..., SandboxProcess]
NEW = "quiet-harbour-41"
OLD, FRESH = SecretStr(PASSWORD), SecretStr(NEW)


def signing_in(sandbox: SandboxProcess, password: str) -> int:
    body = {"login": sandbox.account()["login"], "password": password}
    return sandbox.call("POST", "/api/v1/sessions", body)[0]


def leaks(root: Path, *secrets: str) -> None:
    """None of ``secrets`` stands in a file of the session."""
    for path in (root / "data", root / "state"):
        for file in path.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert not any(secret.encode() in content for secret in secrets), file


async def test_a_changed_password_leaves_no_trace_and_is_not_used_again(
    own_sandbox: StartSandbox, tmp_path: Path
) -> None:
    """The profile's own password is the old one now: it is said, and never sent as a failed sign-in (ACC-6)."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()
        with pytest.raises(Forbidden) as wrong:
            await session.care.change_password(SecretStr("wrong-one-12"), FRESH)
        assert wrong.value.code == "wrong-password"
        said = await session.care.change_password(OLD, FRESH)
        assert said == "This profile still gives the old password (test): put the new one there, too."
        assert [one.current for one in await session.care.sessions()] == [True]
        token = session._core._token()
        assert token is not None
        sandbox.call("DELETE", "/api/v1/sessions/current", token=token.get_secret_value())
        with pytest.raises(SessionExpired):
            await session.care.sessions()
    assert signing_in(sandbox, NEW) == 201
    journal = tmp_path / "state" / "journal.db"
    if journal.exists():
        connection = sqlite3.connect(journal)
        assert connection.execute("SELECT count(*) FROM operations").fetchone() == (0,)
        connection.close()
    leaks(tmp_path, PASSWORD, NEW)


async def test_a_read_signs_in_again_and_a_write_does_not(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """The session ended on the panel: the list comes all the same; the change is refused as not done."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()

        def end() -> None:
            token = session._core._token()
            assert token is not None
            sandbox.call("DELETE", "/api/v1/sessions/current", token=token.get_secret_value())

        end()
        assert await session.care.api_keys() == []
        end()
        with pytest.raises(SessionExpired):
            await session.care.change_password(OLD, FRESH)
    assert signing_in(sandbox, PASSWORD) == 201


@pytest.mark.parametrize("effect", ["drop-before", "drop-after"])
async def test_a_lost_answer_says_how_to_see(own_sandbox: StartSandbox, tmp_path: Path, effect: str) -> None:
    """Done or not: nobody knows here; it was sent once."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()
        sandbox.faults({"kind": effect, "path": "/me/password", "method": "POST"})
        with pytest.raises(OutcomeUnknown) as lost:
            await session.care.change_password(OLD, FRESH)
        assert account_care.LOST_PASSWORD in str(lost.value)
        assert sandbox.fault_strikes() == [1]
        sandbox.faults()
        assert session._core._keeping._password is None, "it may be the old one"
    assert signing_in(sandbox, NEW if effect == "drop-after" else PASSWORD) == 201


async def test_what_was_begun_is_finished_though_nobody_waits(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """A closed screen takes its workers along; the call is whole or not at all."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()
        asking = asyncio.ensure_future(session.care.create_api_key(ApiKeyRequest(label="left alone"), OLD))
        await asyncio.sleep(0)  # it is handed over, and nothing has left yet
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        async def made() -> bool:
            return [str(one.label) for one in await session.care.api_keys()] == ["left alone"]

        end = asyncio.get_running_loop().time() + 10
        while not await made():
            assert asyncio.get_running_loop().time() < end


async def test_the_second_factor_shows_in_the_account_at_once(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()
        setup = await session.care.begin_totp(OLD)
        code = SecretStr(pyotp.TOTP(setup.secret.get_secret_value()).now())
        codes = await session.care.confirm_totp(OLD, code)
        assert session.account is not None
        assert (session.account.totp, session.account.recovery_codes_left) == (True, 10)
        await session.care.turn_totp_off(OLD, codes.codes[0])
        assert session.account.totp is False
        await session.care.set_api_access(False, OLD)
        assert session.account.api_access is False


async def test_a_read_only_session_sends_nothing(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False, read_only=True) as (session, _):
        await session.connect()
        with pytest.raises(ReadOnlySession):
            await session.care.change_password(OLD, FRESH)
        with pytest.raises(ReadOnlySession):
            await session.care.revoke_session("x")
        assert len(await session.care.sessions()) == 1


def test_what_a_lost_answer_means_is_never_cut() -> None:
    """Advice of an error is capped: the sentences fit."""
    meanings = [value for name, value in vars(account_care).items() if name.startswith("LOST_")]
    assert len(meanings) == 9
    for meaning in meanings:
        error = OutcomeUnknown(SessionExpired("The line broke."), meaning)
        assert meaning in str(error)


async def test_the_account_is_the_new_one_before_the_copy_says_so(
    own_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen that reads the copy right after it changed, and asks for the account, does not draw the old one."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _):
        await session.connect()
        store = session._core.store
        keep, seen = store.account, []

        async def looking(account: Account) -> bool:
            seen.append(session.account)
            return await keep(account)

        monkeypatch.setattr(store, "account", looking)
        await session.care.set_api_access(False, OLD)
        assert [one.api_access for one in seen if one is not None] == [False]
