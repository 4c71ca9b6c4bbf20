"""A forgotten password over HTTP (ACC-3): one code by mail, one answer for every address."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from billtui.domain.policy import DEFAULT_POLICY
from tests.sandbox.http.access_kit import code_of, mails, sign_in, with_second_factor
from tests.support.panel import API, InProcessPanel, Json, SignedIn

NEW = "quite another phrase"


async def ask(panel: InProcessPanel, email: str) -> httpx.Response:
    return await panel.http.post(f"{API}/password-recovery", json={"email": email})


async def recover(panel: InProcessPanel, code: str, new: str = NEW) -> httpx.Response:
    return await panel.http.post(f"{API}/password-recovery/confirm", json={"code": code, "new_password": new})


async def asked(panel: InProcessPanel, account: Json) -> str:
    """Ask, and read the code in the mail."""
    assert (await ask(panel, account["email"])).status_code == 202
    return str((await mails(panel, "password-recovery"))[-1]["code"])


async def test_acc_3_a_code_makes_a_new_password(client: SignedIn, panel: InProcessPanel) -> None:
    """Every session ends, the lock is lifted; the mail has the code and no other secret."""
    account = client.account
    code = await asked(panel, account)
    (mail,) = await mails(panel, "password-recovery")
    assert mail["to"] == account["email"] and code in mail["body"] and account["login"] in mail["body"]
    for _ in range(5):
        await sign_in(panel, account["login"], "wrong")
    assert code_of(await sign_in(panel, account["login"], account["password"])) == (423, "locked-out")
    answer = await recover(panel, f"  {code.upper().replace('-', ' ')} ")
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (204, b"", "no-store")
    assert code_of(await client.get("/me")) == (401, "session-expired")
    assert code_of(await sign_in(panel, account["login"], account["password"])) == (401, "wrong-credentials")
    assert (await sign_in(panel, account["login"], NEW)).status_code == 201
    assert len(await mails(panel, "password-changed")) == 1


async def test_acc_3_each_bad_code_has_its_own_reason(client: SignedIn, panel: InProcessPanel) -> None:
    older = await asked(panel, client.account)
    newer = await asked(panel, client.account)
    assert code_of(await recover(panel, "no-such-code")) == (409, "recovery-code-unknown")
    assert code_of(await recover(panel, older)) == (409, "recovery-code-voided")
    assert (await recover(panel, newer)).status_code == 204
    used = await recover(panel, newer, "and yet another one")
    assert code_of(used) == (409, "recovery-code-used") and used.json()["rule"] == "ACC-3"
    assert newer not in used.text
    await panel.advance(hours=2)
    late = await asked(panel, client.account)
    await panel.advance(hours=24)
    assert code_of(await recover(panel, late)) == (409, "recovery-code-expired")


async def test_acc_3_a_code_lives_24_hours(client: SignedIn, panel: InProcessPanel) -> None:
    code = await asked(panel, client.account)
    await panel.advance(seconds=24 * 3600 - 60)
    assert (await recover(panel, code)).status_code == 204


async def test_acc_3_a_refused_password_does_not_use_the_code_up(client: SignedIn, panel: InProcessPanel) -> None:
    code = await asked(panel, client.account)
    for new, why in (
        ("short", "password-too-short"),
        (client.account["password"], "password-unchanged"),
        ("of Olena.Marsh it is", "password-contains-login"),
    ):
        answer = await recover(panel, code, new)
        assert code_of(answer) == (422, why)
        assert set(answer.json()["fields"]) == {"new_password"}
    assert (await client.get("/me")).status_code == 200, "nothing has happened yet"
    assert (await recover(panel, code)).status_code == 204


async def test_acc_3_a_changed_password_voids_the_code(client: SignedIn, panel: InProcessPanel) -> None:
    code = await asked(panel, client.account)
    body = {"current_password": client.account["password"], "new_password": NEW}
    assert (await client.post("/me/password", body)).status_code == 204
    assert code_of(await recover(panel, code, "by somebody else")) == (409, "recovery-code-voided")


async def test_acc_3_the_second_factor_stays_on(client: SignedIn, panel: InProcessPanel) -> None:
    _, codes = await with_second_factor(client)
    assert (await recover(panel, await asked(panel, client.account))).status_code == 204
    login = client.account["login"]
    assert code_of(await sign_in(panel, login, NEW)) == (401, "totp-required")
    assert (await sign_in(panel, login, NEW, codes[0])).status_code == 201


@pytest.mark.parametrize("email", ["OLENA@Marsh-Hosting.example", "  olena@marsh-hosting.example "])
async def test_acc_3_an_address_is_known_however_it_is_written(panel: InProcessPanel, email: str) -> None:
    await ask(panel, email)
    assert len(await mails(panel, "password-recovery")) == 1


@pytest.mark.parametrize(
    "email",
    ["billing@marsh-hosting.example", "nobody@nowhere.example", "olena.marsh", "", "x" * 900, "\x00", "%", "ключ@мир"],
)
async def test_acc_3_every_address_is_answered_alike(panel: InProcessPanel, email: str) -> None:
    """Only the primary address gets a mail: not the others of an account, not a login. The answers do not differ."""
    known, other = await ask(panel, panel.account()["email"]), await ask(panel, email)
    ours = {"x-request-id", "date"}
    shown = [
        (answer.status_code, answer.content, sorted(item for item in answer.headers.items() if item[0] not in ours))
        for answer in (known, other)
    ]
    assert shown[0] == shown[1]
    assert len(await mails(panel, "password-recovery")) == 1


async def test_acc_3_nobody_floods_a_mailbox(client: SignedIn, panel: InProcessPanel) -> None:
    """The fourth request within an hour is answered as ever, sends nothing, and leaves the last code good."""
    answers = [await ask(panel, client.account["email"]) for _ in range(6)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    sent = await mails(panel, "password-recovery")
    assert len(sent) == 3
    await panel.advance(hours=1, seconds=1)
    await ask(panel, client.account["email"])
    assert len(await mails(panel, "password-recovery")) == 4
    assert code_of(await recover(panel, sent[-1]["code"])) == (409, "recovery-code-voided")


async def test_acc_3_too_many_requests_in_total_wait_whatever_the_address(panel: InProcessPanel) -> None:
    panel.database.policy = replace(DEFAULT_POLICY, recoveries_in_total=3)
    for number in range(3):
        assert (await ask(panel, f"nobody-{number}@nowhere.example")).status_code == 202
    for email in (panel.account()["email"], "nobody-9@nowhere.example"):
        answer = await ask(panel, email)
        assert code_of(answer) == (429, "rate-limited")
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        assert answer.json()["rule"] == "ACC-3"
    await panel.advance(hours=1, seconds=1)
    assert (await ask(panel, panel.account()["email"])).status_code == 202
    assert len(await mails(panel, "password-recovery")) == 1
