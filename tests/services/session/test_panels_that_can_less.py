"""A panel without invoices, tickets, transfers and feed: nothing is asked for that it lacks, and it is spared."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential
from billtui.services.session import Session, SessionSettings
from tests.support.driving import Pocket
from tests.support.gateway_stub import KEY, LOGIN, GatewayStub
from tests.support.listening import Events, until


def settings(gateway: GatewayStub, home: Path, **more: Any) -> SessionSettings:
    """As a profile of the kind says."""
    made = SessionSettings(
        connection=ConnectionSettings(gateway.url), profile="gate", login=LOGIN, kind="rootpanel",
        data_dir=home / "data", state_dir=home / "state",
    )  # fmt: skip
    return replace(made, **more)


def key() -> Pocket:
    return Pocket(Credential("token", SecretStr(KEY), "test"))


async def test_only_what_there_is_is_asked_for_and_the_rest_is_refused(tmp_path: Path) -> None:
    with GatewayStub() as gateway:
        async with Session(settings(gateway, tmp_path), listener=Events(), credentials=key()) as session:
            await until(lambda: session.store.is_complete)
            assert [row.name for row in session.store.orders()] == [one["domain"] for one in gateway.orders]
            order = session.store.order("1")
            assert order is not None and {str(name): str(text) for name, text in order.more.items()} == {
                "osname": "Debian"
            }
            assert set(gateway.asked) == {"getBalance", "getOrders"}
            reason = session.unavailable("invoices.pay") or ""
            assert reason.endswith(session.web_page) and session.web_page.endswith("/my/billing.php")
            found = session.overview()
            assert not found.has_invoices and not found.two_purses
        async with Session(
            settings(gateway, tmp_path, background=False), listener=Events(), credentials=Pocket()
        ) as offline:
            assert offline.unavailable("invoices.pay") == reason, "the same before anybody signs in"
            assert offline.unavailable("orders.renew") is None


async def test_its_lists_are_asked_for_by_their_age_over_starts_too(tmp_path: Path) -> None:
    with GatewayStub() as gateway:
        async with Session(settings(gateway, tmp_path), listener=Events(), credentials=key()) as session:
            await until(lambda: session.store.is_complete)
        before = gateway.asked["getOrders"]
        async with Session(settings(gateway, tmp_path), listener=Events(), credentials=key()) as session:
            assert len(session.store.orders()) == 3, "the copy is there before anything is asked"
            await until(lambda: session.signed_in)
            await asyncio.sleep(0.3)
            assert gateway.asked["getOrders"] == before, "young enough"
            gateway.orders[0]["domain"] = "other.example"
            await session.refresh()
            assert gateway.asked["getOrders"] == before + 1, "somebody asked"
            assert session.store.orders()[0].name == "other.example"
        again = settings(gateway, tmp_path, refresh_seconds=0.2)
        async with Session(again, listener=Events(), credentials=key()):
            await until(lambda: gateway.asked["getOrders"] >= before + 2)


async def test_a_slow_panel_is_asked_less_often_and_never_by_many_at_once(tmp_path: Path) -> None:
    with GatewayStub(seconds=0.15) as gateway:
        often = settings(gateway, tmp_path, refresh_seconds=0.1)
        async with Session(often, listener=Events(), credentials=key()) as session:
            await until(lambda: session.store.is_complete)
            begun, first = time.monotonic(), gateway.asked["getOrders"]
            await asyncio.sleep(1.0)
            if time.monotonic() - begun < 1.4:  # else this computer was too busy to tell
                assert gateway.asked["getOrders"] - first <= 2, "ten times as long as its lists took"
        assert gateway.most_at_once <= 2


async def test_a_wrong_key_is_said_with_the_panels_own_words(tmp_path: Path) -> None:
    pocket = Pocket(Credential("token", SecretStr("wrong"), "test"))
    with GatewayStub() as gateway:
        async with Session(
            settings(gateway, tmp_path, background=False), listener=Events(), credentials=pocket
        ) as session:
            with pytest.raises(Exception, match="no longer valid"):
                await session.connect()
            with pytest.raises(Exception, match="Неверный ключ"):
                await session.sign_in(LOGIN, SecretStr("wrong"), None)
            signed = await session.sign_in(LOGIN, SecretStr(KEY), None)
            assert signed.account.login.raw == LOGIN
