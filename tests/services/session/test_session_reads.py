"""The session against a panel on a real port: first load, patches, deletions, 410, offline, expiry, closing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client.errors import (
    ClientError,
    ConfigurationProblem,
    NotFound,
    NotSent,
    SessionExpired,
    SignInRefused,
)
from billtui.client.retry import BREAK_AFTER, BREAK_FIRST
from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential, SaveResult
from billtui.domain.models import Account
from billtui.services.session import AlienPlan, NotSignedIn, ReadOnlySession, Session, SessionClosed, SessionSettings
from billtui.services.session_events import (
    AccountChanged,
    ConnectionChanged,
    ConnectionState,
    SignInNeeded,
    StoreChanged,
    StoreRebuilt,
    StoreTrouble,
    SyncProgress,
    Unforeseen,
)
from billtui.services.session_following import OWN_FAULT
from billtui.services.session_jobs import Touched
from billtui.services.store import store_path
from billtui.services.sync import EXPECTED_FOR, Sync, _Expected
from tests.support.listening import Events, until
from tests.support.queueing import Stopwatch
from tests.support.small_panel import PASSWORD, SmallPanel, invoice, money, order, transfer


class Pocket:
    """Keeps one secret in memory, as the credential store would."""

    def __init__(self, credential: Credential | None = None) -> None:
        self.credential = credential
        self.loads = 0

    def load(self) -> Credential | None:
        self.loads += 1
        return self.credential

    def save(self, credential: Credential) -> SaveResult:
        self.credential = credential
        return SaveResult("pocket", None)

    def forget(self) -> list[str]:
        self.credential = None
        return []

    def missed(self) -> str:
        return ""

    def cancel(self) -> None:
        pass


def password() -> Pocket:
    return Pocket(Credential("password", SecretStr(PASSWORD), "test"))


@pytest.fixture
def panel() -> Iterator[SmallPanel]:
    small = SmallPanel()
    for number in range(30):
        small.put("order", order(number), quietly=True)
    for number in range(5):
        small.put("invoice", invoice(number), quietly=True)
    small.start()
    yield small
    small.stop()


@pytest.fixture
def settings(panel: SmallPanel, tmp_path: Path) -> SessionSettings:
    return SessionSettings(
        connection=ConnectionSettings(panel.url, retry_base=0.01, tries=2, read_deadline=5),
        profile="test",
        login="olena",
        data_dir=tmp_path / "data",
        state_dir=tmp_path / "state",
        poll_seconds=2,
        retry_seconds=0.05,
        retry_most=0.2,
    )


Opens = Callable[..., contextlib.AbstractAsyncContextManager[tuple[Session, Events]]]


@pytest.fixture
def opens(settings: SessionSettings) -> Opens:
    @contextlib.asynccontextmanager
    async def opened(pocket: Pocket | None = None, **other: Any) -> AsyncIterator[tuple[Session, Events]]:
        events = Events()
        chosen = replace(settings, **other)
        async with Session(chosen, listener=events, credentials=pocket or password()) as session:
            yield session, events

    return opened


async def loaded(events: Events) -> None:
    await events.until(SyncProgress, lambda progress: progress.done)


async def test_first_load_fills_the_store_and_tells(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        store = session.store
        assert {row.id for row in store.orders()} == set(panel.objects["order"])
        assert store.counts() == {"order": 30, "invoice": 5, "transfer": 0, "ticket": 0}
        assert store.is_complete and store.synced_at() is not None
        assert session.account is not None and str(session.account.balances.internal) == "100.00 EUR"
        assert store.account() == session.account and session.signed_in
        last = events.of(SyncProgress)[-1]
        assert (last.orders, last.orders_total, last.invoices) == (30, 30, 5)
        await until(lambda: len((store.invoice("i0") or pytest.fail("gone")).lines) == 1)  # lines read ahead
        assert events.of(ConnectionChanged)[-1].state is ConnectionState.ONLINE
        assert session.unavailable("invoices.pay") is None
        assert "cannot" in (session.unavailable("orders.power") or "") or "may not" in (
            session.unavailable("orders.power") or ""
        )


async def test_transfers_come_with_the_load_and_the_feed_and_their_orders_go(panel: SmallPanel, opens: Opens) -> None:
    """TRF-2, TRF-3: an order that changed hands leaves the sender's copy without a reload, its transfer stays."""
    panel.put("transfer", transfer(7), quietly=True)
    async with opens() as (session, events):
        await loaded(events)
        assert [row.id for row in session.store.transfers_running()] == ["t7"]
        await until(lambda: panel.polls > 0)
        seen = events.count
        panel.change("transfer", "t7", state="awaiting recipient")
        changed = await events.until(StoreChanged, lambda event: "t7" in event.transfers, after=seen)
        assert changed.kinds == {"transfer"} and not changed.orders
        panel.delete("order", "7")
        panel.change("transfer", "t7", state="completed", expires_at=None)
        await until(lambda: not session.store.order_rows(["7"]) and not session.store.transfers_running())
        assert session.store.transfer_rows(["t7"])["t7"].state == "completed"
        assert (await session.transfer("t7")).order_name == "web-00007.example"
        assert [str(one.id) for one in await session.transfers_by_ids(["t7", "t99"])] == ["t7"]
        with pytest.raises(NotFound):
            await session.transfer("t99")


async def test_a_change_patches_by_id_and_asks_for_nothing_else(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        seen, asked = events.count, len(panel.requests)
        panel.change("order", "7", name="renamed", version=2)
        changed = await events.until(StoreChanged, lambda event: "7" in event.orders, after=seen)
        assert changed.orders == {"7"} and not changed.invoices and not changed.everything
        assert session.store.order_rows(["7"])["7"].name == "renamed"
        assert changed.generation == session.store.generation()
        fresh = [line for line in panel.requests[asked:] if line != "GET /changes"]
        assert fresh == ["GET /orders/7"]


async def test_new_deleted_and_account_changes(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        seen = events.count
        panel.put("invoice", invoice(77))
        panel.delete("order", "3")
        panel.set_balance("42.00")
        await events.until(
            AccountChanged, lambda event: str(event.account.balances.internal) == "42.00 EUR", after=seen
        )
        await until(lambda: "3" not in session.store.order_rows(["3"]) and "i77" in session.store.invoice_rows(["i77"]))
        what = {(row.kind, row.what) for row in session.store.changes_since_visit()}
        assert {("invoice", "created"), ("order", "removed"), ("account", "balance")} <= what


async def test_an_expired_cursor_loads_everything_anew(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        panel.delete("order", "4", quietly=True)
        panel.put("order", order(900, name="unannounced"), quietly=True)
        seen = events.count
        panel.forget_feed()
        await events.until(SyncProgress, lambda progress: progress.done, after=seen)
        rows = session.store.order_rows(["4", "900"])
        assert rows.keys() == {"900"}
        assert session.store.meta("cursor") == str(len(panel.feed))


async def test_a_list_cut_short_removes_nothing(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The panel's list ends after one page although it says that there are more."""
    monkeypatch.setattr("billtui.services.sync_lists.PAGE", 10)
    async with opens() as (session, events):
        await loaded(events)
        panel.lists_cut_at = 5
        await session.refresh(full=True)
        assert session.store.counts()["order"] == 30
        panel.lists_cut_at = None
        panel.delete("order", "11", quietly=True)
        await session.refresh(full=True)
        assert session.store.counts()["order"] == 29


async def test_a_list_that_moved_while_it_was_read_removes_nothing(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a feed and by offset: an order is deleted between two pages, and the next page leaves another one out."""
    monkeypatch.setattr("billtui.services.sync_lists.PAGE", 10)
    panel.me = panel.me | {"capabilities": ["invoices.pay"]}
    async with opens() as (session, events):
        await loaded(events)
        gone, passed_by = "10", sorted(panel.objects["order"])[10]
        panel.gone_after_a_page = gone
        await session.refresh(full=True)
        assert passed_by in session.store.order_rows([passed_by]), "it is still there"
        await session.refresh(full=True)
        assert session.store.order_rows([gone, passed_by]).keys() == {passed_by}


async def test_a_panel_without_a_feed_is_loaded_from_time_to_time(panel: SmallPanel, opens: Opens) -> None:
    panel.me = panel.me | {"capabilities": ["invoices.pay"]}
    async with opens(refresh_seconds=0.05) as (session, events):
        await loaded(events)
        panel.delete("order", "1", quietly=True)
        panel.put("order", order(2, name="later", version=2), quietly=True)
        await until(lambda: {k: r.name for k, r in session.store.order_rows(["1", "2"]).items()} == {"2": "later"})
        assert panel.count("/changes") == 0


async def test_offline_start_shows_the_copy_with_its_age(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (_session, events):
        await loaded(events)
    panel.stop()
    async with opens() as (session, events):
        assert session.account is not None and session.account.login == "olena"  # at once, without network
        assert len(session.store.orders()) == 30 and session.store.synced_at() is not None
        offline = await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.OFFLINE)
        assert offline.message and offline.retry_at is not None
        with pytest.raises(NotSent):
            await session.invoice("i1")
        assert session.overview().unpaid.count == 5
        panel.put("order", order(31))
        panel.tokens.clear()
        panel.start()
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.ONLINE)
        await until(lambda: "31" in session.store.order_rows(["31"]))


async def test_the_copy_of_another_address_or_login_is_not_shown(
    panel: SmallPanel, opens: Opens, settings: SessionSettings
) -> None:
    async with opens() as (_session, events):
        await loaded(events)
    panel.stop()
    other = ConnectionSettings("http://127.0.0.1:1", tries=1)
    for changed in ({"connection": other}, {"login": "somebody"}, {"profile": "other"}):
        async with opens(background=False, **changed) as (session, _events):
            assert session.account is None and session.store.orders() == []


async def test_a_panel_that_dies_and_returns(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        seen = events.count
        panel.stop()
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.OFFLINE, after=seen)
        panel.put("order", order(5, name="changed meanwhile", version=2))
        panel.start()
        await until(lambda: session.store.order_rows(["5"])["5"].name == "changed meanwhile")
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.ONLINE, after=seen)


LONG = 300.0
"""Seconds for which the background would wait: far beyond what a test waits."""


@contextlib.asynccontextmanager
async def gone_and_back(panel: SmallPanel, opens: Opens) -> AsyncIterator[tuple[Session, Events]]:
    """A session whose panel has died and is there again, while the background waits long for its next look."""
    panel.me = panel.me | {"capabilities": [*panel.me["capabilities"], "tickets", "account.api-keys"]}
    async with opens(retry_seconds=LONG, retry_most=LONG) as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        seen = events.count
        panel.stop()
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.OFFLINE, after=seen)
        await until(lambda: session.connection.retry_at is not None)
        panel.put("order", order(5, name="changed meanwhile", version=2))
        panel.start()
        yield session, events


@pytest.mark.parametrize("what", ["order", "no such order", "sessions", "ticket", "api keys"])
async def test_any_answer_puts_offline_right_at_once(panel: SmallPanel, opens: Opens, what: str) -> None:
    """Whatever is asked, by whatever way, and if the panel only says no: it is there, and what changed comes."""
    asked: dict[str, Callable[[Session], Awaitable[object]]] = {
        "order": lambda session: session.order("1"),
        "no such order": lambda session: session.order("no-such-order"),
        "sessions": lambda session: session.care.sessions(),
        "ticket": lambda session: session.tickets.thread("no-such-ticket"),
        "api keys": lambda session: session.care.api_keys(),
    }
    async with gone_and_back(panel, opens) as (session, _events):
        with contextlib.suppress(NotFound):
            await asked[what](session)
        assert session.connection.state is ConnectionState.ONLINE
        await until(lambda: session.store.order_rows(["5"])["5"].name == "changed meanwhile")


async def test_a_key_finds_a_panel_that_is_back(panel: SmallPanel, opens: Opens) -> None:
    """Nobody asks anything: whoever looks at “offline” and types has it looked at."""
    async with gone_and_back(panel, opens) as (session, _events):
        session.typed()
        await until(lambda: session.connection.state is ConnectionState.ONLINE)
        await until(lambda: session.store.order_rows(["5"])["5"].name == "changed meanwhile")


async def test_many_keys_look_at_a_panel_that_is_gone_once(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    account = Sync.account

    async def counted(self: Sync) -> Account:
        looks.append(time.monotonic())
        return await account(self)

    async with gone_and_back(panel, opens) as (session, _events):
        panel.stop()
        monkeypatch.setattr(Sync, "account", counted)
        for _ in range(200):
            session.typed()
        await until(lambda: len(looks) == 1 and not session._core.following._looking)
        for _ in range(200):
            session.typed()
        await session._threads.ask(asyncio.sleep(0.05))
        assert len(looks) == 1
        assert session.connection.state is ConnectionState.OFFLINE
        panel.start()


async def test_what_cannot_be_asked_as_it_was_put_says_nothing_of_the_line(panel: SmallPanel, opens: Opens) -> None:
    async def work(_client: object, _sync: object) -> None:
        raise ConfigurationProblem("This panel renews order by order. Nothing was sent; renew them one by one.")

    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: session.connection.state is ConnectionState.ONLINE)
        with pytest.raises(ConfigurationProblem):
            await session._threads.ask(session._core.ask(work), "Asking what cannot be asked")
        assert session.connection.state is ConnectionState.ONLINE


async def test_whoever_asks_finds_a_panel_that_is_back_while_the_circuit_rests(panel: SmallPanel, opens: Opens) -> None:
    async with gone_and_back(panel, opens) as (session, _events):
        assert session._core._client is not None
        breaker, now = session._core._client._runner.breaker, time.monotonic()
        breaker.failures, breaker.failed_at, breaker.open_until = BREAK_AFTER + 4, now - BREAK_FIRST, now + LONG
        await session.order("1")
        assert session.connection.state is ConnectionState.ONLINE
        await until(lambda: session.store.order_rows(["5"])["5"].name == "changed meanwhile")


async def test_expiry_with_a_password_signs_in_again_unseen(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        panel.expire()
        panel.change("order", "9", name="after", version=2)
        await until(lambda: session.store.order_rows(["9"])["9"].name == "after")
        assert events.of(SignInNeeded) == []
        assert panel.count("POST /sessions") == 2


async def test_expiry_without_a_password_asks_and_goes_on_after_it(panel: SmallPanel, opens: Opens) -> None:
    panel.tokens.add("saved")
    pocket = Pocket(Credential("token", SecretStr("saved"), "test"))
    async with opens(pocket) as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        panel.expire()
        needed = await events.until(SignInNeeded)
        assert needed.reason == "expired"
        with pytest.raises((SessionExpired, NotSignedIn)):
            await session.invoice("i1")
        with pytest.raises(SignInRefused):
            await session.sign_in("olena", SecretStr("wrong"))
        assert len(session.store.orders()) == 30  # still readable
        panel.change("order", "9", name="after", version=2)
        signed = await session.sign_in("olena", SecretStr(PASSWORD))
        assert signed.account.login == "olena" and signed.kept == SaveResult("pocket", None)
        assert pocket.credential is not None and pocket.credential.secret.get_secret_value() in panel.tokens
        await until(lambda: session.store.order_rows(["9"])["9"].name == "after")
        assert len(events.of(SignInNeeded)) == 1


async def test_expiry_in_the_middle_of_a_load(panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billtui.services.sync_lists.PAGE", 4)
    panel.tokens.add("saved")
    real = panel._list
    pages = iter(range(10**6))

    def expiring(things: dict[str, dict[str, object]], query: dict[str, list[str]]) -> Any:
        if next(pages) == 3:
            panel.expire()
        return real(things, query)

    monkeypatch.setattr(panel, "_list", expiring)
    async with opens(Pocket(Credential("token", SecretStr("saved"), "test"))) as (session, events):
        await events.until(SignInNeeded)
        assert not session.store.is_complete
        await session.sign_in("olena", SecretStr(PASSWORD))
        await loaded(events)
        assert session.store.counts() == {"order": 30, "invoice": 5, "transfer": 0, "ticket": 0}


async def test_nobody_signed_in(panel: SmallPanel, opens: Opens) -> None:
    async with opens(Pocket()) as (session, events):
        assert (await events.until(SignInNeeded)).reason == "first"
        with pytest.raises(NotSignedIn):
            await session.connect()
        assert session.account is None and session.store.orders() == []
        await session.sign_in("olena", SecretStr(PASSWORD))
        await loaded(events)
        assert len(session.store.orders()) == 30
        assert await session.sign_out() == []
        assert (session.signed_in, session.account, panel.tokens) == (False, None, set())
    async with opens(Pocket(), background=False) as (session, _events):
        assert session.account is None and session.store.orders() == []  # signed out: nothing is shown at the start


async def test_a_read_that_finds_nobody_signed_in_does_not_leave_it_connecting(panel: SmallPanel, opens: Opens) -> None:
    """A key that asks the panel, pressed while signed out: the line above says so afterwards as before."""
    async with opens(Pocket()) as (session, events):
        await events.until(SignInNeeded)
        with pytest.raises(NotSignedIn):
            await session.refresh()
        assert session.connection.state is ConnectionState.SIGNED_OUT


async def test_one_verb_without_background(panel: SmallPanel, opens: Opens) -> None:
    async with opens(background=False) as (session, _events):
        assert panel.requests == []
        assert (await session.connect()).login == "olena"
        assert [str(item.number) for item in await session.invoices_by_ids(["i2", "absent", "i1"])] == ["5002", "5001"]
        assert (await session.order("4")).name == "web-00004.example"
        with pytest.raises(NotFound):
            await session.order("4444")
        assert panel.count("/changes") == 0 and panel.count("GET /orders") == 2
        await session.refresh()
        assert session.store.counts() == {"order": 30, "invoice": 5, "transfer": 0, "ticket": 0}
    async with opens(background=False) as (session, _events):
        assert session.store.counts() == {"order": 30, "invoice": 5, "transfer": 0, "ticket": 0}
        panel.change("order", "1", name="patched", version=2)
        changed = await session.refresh()
        assert changed is not None and changed.orders == {"1"}


async def test_hostile_names_and_ids_are_kept_raw_and_drawn_clean(panel: SmallPanel, opens: Opens) -> None:
    name = "\x1b]52;c;AAAA\x07\u202e[@click=app.quit]"
    panel.put("order", order(1, id="ev\u200bil/../1", name=name), quietly=True)
    async with opens() as (session, events):
        await loaded(events)
        row = next(row for row in session.store.orders() if row.id.startswith("ev"))
        assert row.name.isprintable() and "\x1b" not in row.name and row.id == "ev·il/../1"
        kept = session.store.order(row.id)
        assert kept is not None and kept.name.raw == name and kept.id.raw == "ev\u200bil/../1"
        with contextlib.suppress(ClientError):  # such an id may be refused before it is sent, but finds no other order
            await session.order(row.id)
        assert not any(line.endswith("/orders/1") for line in panel.requests)


async def test_a_damaged_copy_is_built_anew_and_said(
    panel: SmallPanel, opens: Opens, settings: SessionSettings
) -> None:
    async with opens() as (_session, events):
        await loaded(events)
    path = store_path(settings.data_dir, "panel-1", "1001")
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    async with opens() as (session, events):
        assert "unusable" in (await events.until(StoreRebuilt)).message
        await loaded(events)
        assert len(session.store.orders()) == 30


async def test_damage_while_running_is_found_by_the_reader(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await session._core.store.run(
            lambda store: store._connection.execute("UPDATE order_chunks SET rows = zeroblob(9)").fetchall()
        )
        assert session.store.orders() == []
        await events.until(StoreRebuilt)
        await until(lambda: len(session.store.orders()) == 30)


async def test_a_fault_of_our_own_while_catching_up_is_told_once_and_tried_again(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, following ended in silence: the line above said "online", and nothing came any more."""
    whole, faults = Sync.follow, 3

    async def broken(sync: Sync, wait: int) -> None:
        nonlocal faults
        if faults:
            faults -= 1
            raise KeyError(f"nobody foresaw it, {faults}")  # its words differ each time
        await whole(sync, wait)

    monkeypatch.setattr(Sync, "follow", broken)
    async with opens() as (session, events):
        told = await events.until(Unforeseen)
        assert isinstance(told.error, KeyError)
        assert OWN_FAULT in (await events.until(ConnectionChanged, lambda one: one.retry_at is not None)).message
        await loaded(events)
        panel.change("order", "3", name="after the fault", version=2)
        await until(lambda: any(row.name == "after the fault" for row in session.store.orders()))
        await until(lambda: session.connection.state is ConnectionState.ONLINE)
        assert len([event for event in events.all if isinstance(event, Unforeseen)]) == 1


async def test_a_fault_of_our_own_after_a_job_is_told(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_sync: Sync, _what: Touched) -> None:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(Sync, "touched", broken)
    async with opens() as (session, events):
        await loaded(events)
        session._threads.call(session._core._check)
        assert isinstance((await events.until(Unforeseen)).error, KeyError)


async def test_a_directory_that_cannot_be_written(panel: SmallPanel, opens: Opens, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("a file")
    async with opens(data_dir=tmp_path / "in-the-way") as (session, events):
        assert "temporary" in (await events.until(StoreTrouble)).message
        await loaded(events)
        assert len(session.store.orders()) == 30
        place = session.store.path
    assert place is not None and not place.exists()


async def test_two_programs_on_the_same_copy(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (one, first), opens() as (two, second):
        await loaded(first)
        await loaded(second)
        for number in range(20):
            panel.change("order", str(number), name=f"round {number}", version=2)

        def all_there(session: Session) -> bool:
            return sum(row.name.startswith("round") for row in session.store.orders()) == 20

        await until(lambda: all_there(one))
        await until(lambda: all_there(two))
        assert len(one.store.orders()) == 30
        assert [event for event in (*first.all, *second.all) if isinstance(event, StoreRebuilt | StoreTrouble)] == []


async def test_many_changes_at_once_load_the_list(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billtui.services.sync_lists.MOST_BY_ID", 5)
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        before = panel.count("GET /orders/")
        with panel.lock:
            for number in range(20):
                panel.change("order", str(number), name="bulk", version=2)
        await until(lambda: sum(row.name == "bulk" for row in session.store.orders()) == 20)
        assert panel.count("GET /orders/") == before


async def test_where_the_feed_stands_is_asked_once_and_before_the_lists(panel: SmallPanel, opens: Opens) -> None:
    """P-SYNC: while the copy is made; what changes from then on is not missed."""
    async with opens() as (session, events):
        await loaded(events)
        asked = [one for one in panel.questions if "/changes" in one and "wait" not in one and "cursor" not in one]
        assert len(asked) == 1
        lists = min(panel.questions.index(one) for one in panel.questions if "/orders?" in one)
        assert panel.questions.index(asked[0]) < lists
        panel.put("order", order(77_777))
        await until(lambda: "77777" in session.store.order_rows(["77777"]))


async def test_a_place_in_the_feed_is_good_for_whom_it_was_asked() -> None:
    """Asked ahead as somebody else, or long ago: it is asked again."""
    asking: asyncio.Task[str | None] = asyncio.create_task(asyncio.sleep(0, "c"))
    mine = SecretStr("mine")
    expected = _Expected(asking, mine, time.monotonic())
    assert expected.fits(SecretStr("mine"))
    assert not expected.fits(SecretStr("other"))
    assert not expected.fits(None)
    assert not replace(expected, at=time.monotonic() - EXPECTED_FOR - 1).fits(mine)
    assert await asking == "c"


async def test_ten_thousand_orders(panel: SmallPanel, opens: Opens) -> None:
    for number in range(10_000):
        panel.put("order", order(number), quietly=True)
    async with opens() as (session, events):
        await loaded(events)
        assert session.store.counts()["order"] == len(session.store.orders()) == 10_000
        assert panel.count("GET /orders") == 20
        transactions = session.store.query("SELECT count(DISTINCT stamp) FROM order_chunks")[0][0]
        assert transactions <= 20  # P-SYNC: one for each page at most
        told = [event for event in events.of(StoreChanged) if "order" in event.kinds]
        assert len(told) <= 25


async def test_reads_are_cancelled_without_harm(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        with panel.lock:  # the panel answers nothing while this is held
            reading = asyncio.ensure_future(session.invoice("i1"))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert (await session.invoice("i1")).id == "i1"


async def test_closing_is_quick_whatever_hangs(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await loaded(events)
        await until(lambda: panel.polls > 0)
        with panel.lock:
            hanging = asyncio.ensure_future(session.refresh(full=True))
            await asyncio.sleep(0)
            watch = Stopwatch()
            await session.close()
            assert not watch.has_run(2.2)
        with pytest.raises((asyncio.CancelledError, SessionClosed, ClientError)):
            await hanging
        with pytest.raises(SessionClosed):
            _ = session.store
        with pytest.raises(SessionClosed):
            await session.connect()
        await session.close()
    await until(lambda: not {"billtui-reads", "billtui-store"} & {thread.name for thread in threading.enumerate()})


async def test_plans_are_checked_before_they_are_taken(panel: SmallPanel, opens: Opens) -> None:
    from billtui.domain.money import Money
    from billtui.services.plans import Operation, OperationKind, Plan

    def plan(**other: str) -> Plan:
        amount = Money("19.00", "EUR")
        pay = Operation(
            number=1,
            kind=OperationKind.PAY,
            targets=("invoice:i1",),
            params={"invoice_id": "i1", "method": "internal"},
            amount=amount,
            title="Pay 5001",
        )
        values = {"panel_id": "panel-1", "account_id": "1001"} | other
        return Plan(kind="invoice.pay", title="Pay", operations=(pay,), total=amount, **values)

    async with opens(read_only=True) as (session, events):
        await loaded(events)
        with pytest.raises(ReadOnlySession):
            session.submit(plan())
        with pytest.raises(ReadOnlySession):
            _ = session.executor
    async with opens(Pocket(), background=False) as (session, _events):
        with pytest.raises(NotSignedIn):
            session.submit(plan())
    async with opens(background=False) as (session, _events):
        await session.connect()
        for other in ({"panel_id": "panel-2"}, {"account_id": "1002"}):
            with pytest.raises(AlienPlan):
                session.submit(plan(**other))
    assert panel.count("payments") == 0


async def test_a_balance_is_money_not_text(panel: SmallPanel, opens: Opens) -> None:
    panel.me = panel.me | {"balances": {"internal": money("9900.00"), "affiliate": money("0.05")}}
    async with opens(background=False) as (session, _events):
        balances = (await session.connect()).balances
        assert (str(balances.internal), str(balances.affiliate)) == ("9 900.00 EUR", "0.05 EUR")


async def test_lists_are_read_again_when_they_are_old(
    panel: SmallPanel, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A discount follows the clock without an event (DSC-1)."""
    async with opens(background=False) as (session, _events):
        await session.refresh()
        panel.put("order", order(1, discount_percent="10", version=1) | {"_keep": ["version"]}, quietly=True)
        assert await session.refresh() is None
        monkeypatch.setattr("billtui.services.sync.LISTS_AGE", 0)
        changed = await session.refresh()
        assert changed is not None and changed.orders == {"1"}
        assert session.store.order_rows(["1"])["1"].discount == "10"
