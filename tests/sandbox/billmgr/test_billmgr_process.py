"""The dialect over real connections: answers that are cut, two at once, a panel that is killed (wire: 16, 17)."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.sandbox import SandboxProcess

Json = dict[str, Any]


def call(server: SandboxProcess, func: str, **fields: str) -> Json:
    """One POST over a connection of its own; the ``doc``."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        body = urlencode({"func": func, "out": "json", **fields})
        connection.request("POST", "/billmgr", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer: Json = json.loads(connection.getresponse().read())
        found: Json = answer["doc"]
        return found
    finally:
        connection.close()


def rows(server: SandboxProcess, func: str, **fields: str) -> list[Json]:
    found: list[Json] = call(server, func, p_num="1", p_cnt="500", **fields).get("elem", [])
    return found


@pytest.fixture
def server(own_sandbox: Callable[..., SandboxProcess]) -> SandboxProcess:
    return own_sandbox(fleet=12)


@pytest.fixture
def auth(server: SandboxProcess) -> str:
    person = server.account()
    doc = call(server, "auth", username=person["login"], password=person["password"])
    return str(doc["auth"]["$id"])


def test_lost_answers_crashes_and_two_at_once(server: SandboxProcess, auth: str) -> None:
    order = {"auth": auth, "pricelist": "501", "datacenter": "1", "period": "1", "skipbasket": "on", "sok": "ok"}

    server.faults({"kind": "drop-after", "path": "/billmgr/vds.order.param", "times": 1})
    with pytest.raises(http.client.RemoteDisconnected):
        call(server, "vds.order.param", domain="lost.example", **order)
    assert server.fault_strikes() == [1]
    server.faults()
    assert len(rows(server, "vds", auth=auth, filter="on", domain="lost.example")) == 1

    server.faults({"kind": "drop-before", "path": "/billmgr/vds.order.param", "times": 1})
    with pytest.raises(http.client.RemoteDisconnected):
        call(server, "vds.order.param", domain="never.example", **order)
    server.faults()
    assert rows(server, "vds", auth=auth, filter="on", domain="never.example") == []

    with ThreadPoolExecutor(4) as pool:  # no key tells them from one another: each is bought
        docs = list(pool.map(lambda _: call(server, "vds.order.param", domain="four.example", **order), range(4)))
    assert all("ok" in doc for doc in docs)
    bought = rows(server, "vds", auth=auth, filter="on", domain="four.example")
    assert len({row["id"]["$"] for row in bought}) == 4

    status, _ = server.call(
        "POST", "/sandbox/catalogue", {"stock": [{"plan": "vds-nano", "location": "nl", "available": 1}]}
    )
    assert status == 200
    with ThreadPoolExecutor(3) as pool:  # the last one is sold once
        docs = list(pool.map(lambda _: call(server, "vds.order.param", domain="last.example", **order), range(3)))
    assert sorted("ok" in doc for doc in docs) == [False, False, True]
    assert len(rows(server, "vds", auth=auth, filter="on", domain="last.example")) == 1

    call(server, "vds.filter", auth=auth, domain="four.example", sok="ok")
    before = rows(server, "vds", auth=auth)
    server.restart()  # killed: sessions, filters and numbers are still the same
    assert rows(server, "vds", auth=auth) == before
    assert len(before) == 4


def test_a_long_request_is_done_though_nobody_waits_for_it(server: SandboxProcess, auth: str) -> None:
    order = {"auth": auth, "pricelist": "501", "datacenter": "1", "period": "1", "skipbasket": "on", "sok": "ok"}
    server.faults({"kind": "long-request", "path": "/billmgr/vds.order.param", "times": 1, "ms": 200})
    with pytest.raises(json.JSONDecodeError):
        call(server, "vds.order.param", domain="slow.example", **order)
    found: list[Json] = []
    for _ in range(100):
        found = rows(server, "vds", auth=auth, filter="on", domain="slow.example")
        if found:
            break
        time.sleep(0.05)
    assert len(found) == 1
