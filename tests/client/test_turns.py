"""Clients of one account keep the panel's pace together: in one event loop, in several, in several programs.

Counted on the panel's side: how many at once, how long between two beginnings.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from billtui.client import BillingClient, ConnectionSettings, RateLimited
from billtui.client import turns as module
from billtui.client.drivers.billing_v1.driver import BillingV1
from billtui.client.drivers.traits import BILLING_V1
from billtui.client.exchange import Call, Exchange, Kind
from billtui.client.pace import UNHURRIED, Pace
from billtui.client.turns import Programs, Turns, shared_turns
from billtui.services.session_settings import SessionSettings
from tests.client.panel_stub import Line, PanelStub, Seen, answer, head, problem

PACE = Pace(at_once=2, between=0.05)
ASKING = """
import asyncio, sys
from pathlib import Path
from tests.client.test_turns import ask
asyncio.run(ask(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
"""


class Slow(BillingV1):
    """A driver of a panel that is to be spared."""

    traits = replace(BILLING_V1, pace=PACE)


@dataclass
class Watched:
    """A panel that counts."""

    seconds: float = 0.08
    running: int = 0
    most: int = 0
    begun: list[float] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def script(self, seen: Seen, line: Line) -> None:
        """Answer slowly."""
        self.begun.append(time.monotonic())
        self.targets.append(seen.target)
        self.first.set()
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.seconds)
        self.running -= 1
        await line.send(answer({}))


def call(path: str, kind: Kind = Kind.READ) -> Call[int]:
    """A plain question."""
    exchange = Exchange("GET", path, kind)
    return Call(exchange, lambda found: found.status, lambda found: RateLimited("no", retry_after=found.retry_after))


def settings(url: str, folder: Path | None, account: str = "olena.marsh") -> ConnectionSettings:
    return ConnectionSettings(url, locks=folder, account=account, tries=1)


async def ask(url: str, folder: Path, count: int, name: str, *, unhurried: bool = False) -> None:
    """A client of its own asks ``count`` questions at once."""
    UNHURRIED.set(unhurried)
    async with BillingClient(settings(url, folder), driver=Slow()) as client:
        await asyncio.gather(*(client.run(call(f"/{name}{number}")) for number in range(count)))


@pytest.fixture
async def panel() -> AsyncIterator[tuple[Watched, PanelStub]]:
    watched = Watched()
    async with PanelStub(watched.script) as stub:
        yield watched, stub


def modes(folder: Path) -> set[int]:
    """Who may do what with its files."""
    return {one.stat().st_mode & 0o777 for one in folder.iterdir()}


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


async def test_session_jobs_and_a_verb_keep_the_pace_together(panel: tuple[Watched, PanelStub], tmp_path: Path) -> None:
    watched, stub = panel
    verb = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASKING, stub.url, str(tmp_path), "5", "verb", cwd=Path(__file__).parents[2]
    )
    await watched.first.wait()
    jobs = in_a_thread(lambda: asyncio.run(ask(stub.url, tmp_path, 6, "job")))
    await asyncio.gather(ask(stub.url, tmp_path, 6, "read"), ask(stub.url, tmp_path, 4, "copy", unhurried=True))
    assert await verb.wait() == 0
    await asyncio.to_thread(jobs.join)
    assert len(watched.begun) == 21
    assert watched.most == 2
    # Begun 0.05 s apart here: a busy machine delays one on its way, not ten.
    spans = [later - one for one, later in zip(watched.begun, watched.begun[10:], strict=False)]
    assert min(spans) >= 10 * PACE.between - 0.25
    assert watched.begun[-1] - watched.begun[0] >= 20 * PACE.between - 0.25
    assert modes(tmp_path) == {0o600}


async def test_what_a_person_waits_for_goes_before_the_copying_of_another_client(
    panel: tuple[Watched, PanelStub], tmp_path: Path
) -> None:
    watched, stub = panel
    copying = in_a_thread(lambda: asyncio.run(ask(stub.url, tmp_path, 8, "copy", unhurried=True)))
    await watched.first.wait()
    await ask(stub.url, tmp_path, 2, "asked")
    assert sum(one.startswith("/copy") for one in watched.targets) <= 5
    await asyncio.to_thread(copying.join)
    assert len(watched.targets) == 10


async def test_other_accounts_and_other_panels_have_turns_of_their_own(tmp_path: Path) -> None:
    one = shared_turns("https://panel.example olena", PACE, tmp_path)
    others = [
        shared_turns("https://panel.example pavel", PACE, tmp_path),
        shared_turns("https://other.example olena", PACE, tmp_path),
    ]
    try:
        assert shared_turns("https://panel.example olena", PACE, tmp_path) is one
        module.let_go(one)
        assert all(other is not one and other.programs != one.programs for other in others)
    finally:
        for turns in (one, *others):
            module.let_go(turns)
    assert not module._shared


@pytest.mark.parametrize("kind", [Kind.READ, Kind.WRITE])
async def test_a_pause_that_one_was_asked_for_is_kept_by_all(kind: Kind, tmp_path: Path) -> None:
    async def script(seen: Seen, line: Line) -> None:
        await line.send(problem(429, "rate-limited", "Slower.", "Retry-After: 40"))

    async with PanelStub(script) as stub:
        async with (
            BillingClient(settings(stub.url, tmp_path), driver=Slow()) as session,
            BillingClient(settings(stub.url, tmp_path), driver=Slow()) as jobs,
            BillingClient(settings(stub.url, tmp_path, "pavel"), driver=Slow()) as other,
        ):
            for client in (session, jobs):
                with pytest.raises(RateLimited) as caught:
                    await client.run(call("/a", kind))
                assert 30 < (caught.value.retry_after or 0) <= 40
            assert "Nothing was sent" in str(caught.value)
            assert len(stub.seen) == 1
            with pytest.raises(RateLimited):
                await other.run(call("/a", kind))
            assert len(stub.seen) == 2
        again = Turns(PACE, session_programs(stub.url, tmp_path))
        assert 30 < again.held() <= 40, "another program knows it, too"


@pytest.mark.parametrize("kind", [Kind.READ, Kind.WRITE])
async def test_a_panel_that_is_not_spared_means_what_was_asked_too_often(kind: Kind, tmp_path: Path) -> None:
    """Else one wrong recipient too many would stop everything else for half an hour."""

    async def script(seen: Seen, line: Line) -> None:
        if seen.path.endswith("/recipient"):
            await line.send(problem(429, "too-many-wrong-recipients", "Too many.", "Retry-After: 1800"))
        else:
            await line.send(head("200 OK", "Content-Type: application/json", "Content-Length: 2") + b"{}")

    async with PanelStub(script) as stub, BillingClient(settings(stub.url, tmp_path)) as client:
        with pytest.raises(RateLimited):
            await client.run(call("/recipient", kind))
        assert await client.run(call("/a", kind)) == 200


def session_programs(url: str, folder: Path) -> Programs:
    turns = shared_turns(f"{url} olena.marsh", PACE, folder)
    module.let_go(turns)
    assert turns.programs is not None
    return turns.programs


async def test_a_short_pause_is_waited_for(panel: tuple[Watched, PanelStub]) -> None:
    watched, stub = panel
    async with BillingClient(settings(stub.url, None), driver=Slow()) as client:
        client._runner.turns.hold(0.3)
        begun = time.monotonic()
        assert await client.run(call("/a", Kind.WRITE)) == 200
        assert watched.begun[0] - begun >= 0.28


async def test_a_program_that_was_stopped_stops_no_other(
    panel: tuple[Watched, PanelStub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds both places and the head of the line, as in mid-request; after a while nobody waits for it."""
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    watched, stub = panel
    programs = session_programs(stub.url, tmp_path)
    held = [programs._lock(what) for what in ("turn0", "turn1", "line")]
    await ask(stub.url, tmp_path, 2, "asked")
    assert len(watched.begun) == 2
    for one in held:
        assert one is not None
        os.close(one)


async def test_a_cancelled_wait_gives_its_turn_away(panel: tuple[Watched, PanelStub], tmp_path: Path) -> None:
    _, stub = panel
    async with BillingClient(settings(stub.url, tmp_path), driver=Slow()) as client:
        tasks = [asyncio.create_task(client.run(call(f"/{number}"))) for number in range(6)]
        await asyncio.sleep(0.03)
        for task in tasks[:4]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await asyncio.wait_for(client.run(call("/last")), 5) == 200
        assert not client._runner.turns._had


async def test_a_loop_that_ended_in_mid_request_holds_no_turn() -> None:
    turns = Turns(Pace(at_once=1))

    def ends() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(turns._take(False))
        loop.close()

    await asyncio.to_thread(ends)
    async with asyncio.timeout(5), turns.turn():
        assert len(turns._had) == 1


def test_session_and_jobs_ask_as_one_account(tmp_path: Path) -> None:
    """Both make their clients of the session's line."""
    made = SessionSettings(ConnectionSettings("https://panel.example"), login="olena.marsh", state_dir=tmp_path)
    assert (made.line.account, made.line.locks) == ("olena.marsh", tmp_path)


def test_instants_of_another_start_of_the_computer_are_nothing(tmp_path: Path) -> None:
    programs = Programs(tmp_path, "x")
    (tmp_path / "x.pace").write_bytes(b"99999999999.0 99999999999.0\n")
    assert programs.held_until() == 0.0
    assert programs.begin(5.0, 1.0) == 5.0
    assert programs.begin(5.0, 1.0) == 6.0
    (tmp_path / "x.pace").write_bytes(b"nan no")
    assert programs.begin(5.0, 1.0) == 5.0
    assert Programs(tmp_path / "gone", "x").begin(5.0, 1.0) == 5.0
