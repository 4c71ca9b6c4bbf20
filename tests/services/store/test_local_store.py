"""The local store: rows, objects, search, patches by id, damage, privacy, several writers."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from billtui.domain.models import Account, Invoice, Order, Transfer
from billtui.services.store import OrderRow, Store, StoreDamaged, StoreReader, StoreUnavailable, store_path
from billtui.services.store import money as money_of
from tests.support.small_panel import NOW, invoice, iso, money, order, transfer

HOSTILE = "\x1b[2J\x05[/][@click=app.quit]\u202egnp.exe\u200b" + "e\u0301" * 3 + "\U000e0041"


def orders(*numbers: int, **other: object) -> list[Order]:
    return [Order.model_validate(order(number, **other)) for number in numbers]


def invoices(*numbers: int, **other: object) -> list[Invoice]:
    return [Invoice.model_validate(invoice(number, **other)) for number in numbers]


def transfers(*numbers: int, **other: object) -> list[Transfer]:
    return [Transfer.model_validate(transfer(number, **other)) for number in numbers]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "copy.db"


def test_rows_are_whole_numbers_and_text(path: Path) -> None:
    store = Store(path)
    store.apply_orders(orders(7, monthly_price=money("12.34"), discount_percent="12.50", blocked_at=iso(NOW)))
    store.apply_invoices(invoices(3, state="promised", promise_until=iso(NOW)))
    reader = StoreReader(path)
    (row,) = reader.orders()
    assert (row.id, row.name, row.price, row.currency, row.discount) == ("7", "web-00007.example", 1234, "EUR", "12.5")
    assert row.paid_until == int((NOW + timedelta(days=7, hours=1)).timestamp())
    assert row.blocked_at == int(NOW.timestamp())
    assert all(value is None or type(value) in (int, str) for value in row)
    (bill,) = reader.invoices()
    assert (bill.id, bill.number, bill.total, bill.promise_until) == ("i3", "5003", 1900, int(NOW.timestamp()))
    assert all(value is None or type(value) in (int, str) for value in bill)
    assert str(money_of(bill.total, bill.currency)) == "19.00 EUR"
    assert reader.order_rows(["7", "nothing"]) == {"7": row}
    assert reader.invoice_rows(["i3"]) == {"i3": bill}


def test_objects_come_back_as_they_were_with_raw_text(path: Path) -> None:
    store = Store(path)
    (hostile,) = orders(1, name=HOSTILE)
    store.apply_orders([hostile])
    reader = StoreReader(path)
    again = reader.order("1")
    assert again == hostile
    assert again.name.raw == HOSTILE
    drawn = reader.orders()[0].name
    assert drawn == str(hostile.name) and drawn.isprintable()
    assert not set(drawn) & set("\x1b\x05\u202e\u200b")


def test_blocks_hold_what_the_columns_hold(path: Path) -> None:
    """1,200 rows in three blocks; changes and removals reach the block that they are in."""
    store = Store(path)
    store.apply_orders(orders(*range(1200)))
    store.apply_orders(orders(5, 600, 1100, version=2, name="other"))
    store.remove("order", [str(number) for number in range(512, 1024)] + ["3", "absent"])
    reader = StoreReader(path)
    rows = {row.id: row for row in reader.orders()}
    assert len(rows) == 1200 - 512 - 1
    assert rows == reader.order_rows(str(number) for number in range(1300))
    assert {rows["5"].name, rows["1100"].name} == {"other"}
    assert reader.counts() == {"order": 687, "invoice": 0, "transfer": 0, "ticket": 0}


def test_only_what_is_other_than_before_counts_as_changed(path: Path) -> None:
    store = Store(path)
    assert store.apply_orders(orders(1, 2)).changed == {"1", "2"}
    before = store.meta("generation")
    assert store.apply_orders(orders(1, 2)).changed == frozenset()
    assert store.meta("generation") == before
    assert store.apply_orders(orders(2, version=2, name="new")).changed == {"2"}
    assert store.meta("generation") == before + 1


def test_an_older_answer_does_not_undo_a_newer_one(path: Path) -> None:
    store = Store(path)
    store.apply_invoices(invoices(1, version=5, state="paid"))
    applied = store.apply_invoices(invoices(1, version=4, state="unpaid"))
    assert not applied.changed and applied.stale == {"i1"}
    assert StoreReader(path).invoice_rows(["i1"])["i1"].state == "paid"
    assert store.apply_invoices(invoices(1, version=4, state="unpaid"), force=True).changed == {"i1"}


def test_lines_read_before_survive_the_list_of_the_same_version(path: Path) -> None:
    store = Store(path)
    store.apply_invoices(invoices(1), whole=True)
    bare = invoice(1)
    del bare["lines"]
    assert store.apply_invoices([Invoice.model_validate(bare)]).changed == frozenset()
    kept = StoreReader(path).invoice("i1")
    assert kept is not None and len(kept.lines) == 1
    store.apply_invoices([Invoice.model_validate(bare | {"version": 2, "state": "paid"})])
    newer = StoreReader(path).invoice("i1")
    assert newer is not None and newer.state == "paid" and newer.lines == [] and newer.line_count == 1
    assert store.without_lines(10) == []
    store.apply_invoices([Invoice.model_validate(bare | {"version": 3, "state": "overdue"})])
    assert store.without_lines(10) == ["i1"]


def test_transfers_are_rows_objects_and_words_of_their_own(path: Path) -> None:
    """TRF-3, TRF-7: found by the order's name, by the other side and by id; a list keeps the history read before."""
    store = Store(path)
    store.apply_orders(orders(1, 2))
    store.apply_invoices(invoices(1, 2))
    store.apply_transfers(transfers(1, 2, push_id="p1"), whole=True)
    reader = StoreReader(path)
    assert {row.id: row for row in reader.transfers()} == reader.transfer_rows(["t1", "t2"])
    row = reader.transfer_rows(["t1"])["t1"]
    assert (row.order_id, row.counterparty, row.counterparty_id, row.push_id) == ("1", "ivan", "2002", "p1")
    assert (row.price, row.currency, row.ended_at) == (950, "EUR", None)
    assert row.expires_at == int((NOW + timedelta(hours=72)).timestamp())
    assert [(hit.kind, hit.id) for hit in reader.search("ivan")] == [("transfer", "t1"), ("transfer", "t2")]
    assert {hit.kind for hit in reader.search("web-00002")} == {"order", "invoice", "transfer"}
    assert [hit.id for hit in reader.search("web-00002", kinds=["transfer"])] == ["t2"]
    bare = transfer(1)
    del bare["history"]
    assert not store.apply_transfers([Transfer.model_validate(bare | {"push_id": "p1"})]).changed
    kept = reader.transfer("t1")
    assert kept is not None and [step.state for step in kept.history] == ["awaiting sender"]


def test_running_transfers_come_soonest_expiry_first_and_an_ended_one_says_when_and_why(path: Path) -> None:
    """TRF-3, TRF-6."""
    store = Store(path)
    ended = {"state": "cancelled", "at": iso(NOW), "by": "", "reason": "Auto-renewal fell due."}
    store.apply_transfers(transfers(1, expires_at=iso(NOW + timedelta(hours=9))))
    store.apply_transfers(transfers(2, expires_at=iso(NOW + timedelta(hours=2)), state="awaiting recipient"))
    store.apply_transfers(transfers(3, state="cancelled", expires_at=None, history=[*transfer(3)["history"], ended]))
    store.apply_transfers(transfers(4, order_id="1", created_at=iso(NOW + timedelta(hours=1))))
    reader = StoreReader(path)
    assert [row.id for row in reader.transfers_running()] == ["t2", "t1", "t4"]
    assert [row.id for row in reader.transfers_of_order("1")] == ["t4", "t1"]
    over = reader.transfer_rows(["t3"])["t3"]
    assert (over.ended_at, over.why) == (int(NOW.timestamp()), "Auto-renewal fell due.")
    assert store.remove("transfer", ["t1", "absent"]) == {"t1"}
    assert reader.transfers_running()[0].id == "t2" and len(reader.transfers_running()) == 2
    assert not any(hit.id == "t1" for hit in reader.search("ivan"))


def test_first_pages_before_all_is_read(path: Path) -> None:
    store = Store(path)
    store.apply_orders([*orders(*range(100)), *orders(500, paid_until=None, state="pending")])
    store.apply_invoices([*invoices(1, issued_at=iso(NOW)), *invoices(2, issued_at=iso(NOW + timedelta(days=1)))])
    reader = StoreReader(path)
    first = reader.first_orders(10)
    ends = [row.paid_until for row in reader.orders() if row.paid_until is not None]
    assert [row.paid_until for row in first] == sorted(ends)[:10]


def test_search_finds_every_word_anywhere(path: Path) -> None:
    store = Store(path)
    store.apply_orders(orders(*range(50)))
    store.apply_orders(orders(900, name='Почта-Київ 50% _x_ "quoted"', address="2001:db8::17"))
    store.apply_invoices(invoices(1, title="Combined: 3 servers"), whole=True)
    reader = StoreReader(path)

    def found(text: str) -> list[tuple[str, str]]:
        return [(hit.kind, hit.id) for hit in reader.search(text)]

    assert found("00042") == [("order", "42")]
    assert ("order", "900") in found("ПОЧТА") and ("order", "900") in found("київ db8")
    assert found('"quoted"') == [("order", "900")]
    assert found("50% _x_") == [("order", "900")]
    assert found("42") == [("order", "42")]
    assert found("#5001") == [("invoice", "i1")]
    assert found("combined ser") == [("invoice", "i1")]
    assert found("19.00 Comb") == [("invoice", "i1")]
    assert found("we")[:1] and {kind for kind, _ in found("we")} == {"order"}
    assert found("no such thing") == found("   ") == found("*") == []
    assert len(reader.search("example", 7)) == 7
    store.apply_orders(orders(42, version=2, name="renamed"))
    store.remove("order", ["41"])
    assert found("00042") == found("00041") == []
    assert found("renamed") == [("order", "42")]


@pytest.mark.parametrize(
    "text", ['"', "'''", "a AND b OR", "NEAR(x)", "\0\0\0", "%" * 300, "\\", "* ^ : ( )", "\ud800abc"]
)
def test_search_takes_any_text(path: Path, text: str) -> None:
    Store(path).apply_orders(orders(1))
    assert StoreReader(path).search(text) == []


def test_changes_since_the_last_visit(path: Path) -> None:
    store = Store(path)
    store.apply_account(account("100.00"))
    store.apply_orders(orders(1, 2))
    store.apply_invoices(invoices(1))
    store.apply_orders(orders(1, version=2, state="pending"))
    store.apply_orders(orders(1), force=True)
    store.complete("7")
    reader = StoreReader(path)
    assert reader.changes_since_visit() == []  # the first load is no news
    store.apply_orders(orders(1, version=2, state="blocked"))
    store.apply_invoices(invoices(1, version=2, state="paid") + invoices(2))
    store.apply_account(account("81.00"))
    store.remove("order", ["2"])
    news = [(row.kind, row.id, row.what, row.before, row.after) for row in reader.changes_since_visit()]
    assert news == [
        ("order", "2", "removed", "", ""),
        ("account", "1001", "balance", "100.00 EUR", "81.00 EUR"),
        ("invoice", "i2", "created", "", "unpaid 19.00 EUR"),
        ("invoice", "i1", "state", "unpaid", "paid"),
        ("order", "1", "state", "active", "blocked"),
    ]
    store.visited()
    assert reader.changes_since_visit() == []


def account(internal: str) -> Account:
    return Account.model_validate(
        {
            "panel_id": "p",
            "account_id": "1001",
            "login": "olena",
            "email": "o@example.net",
            "balances": {"internal": money(internal), "affiliate": money("0.00")},
        }
    )


def test_cursor_counts_only_once_all_lists_were_loaded(path: Path) -> None:
    store = Store(path)
    store.set_meta(cursor="5")
    assert store.cursor() is None
    store.complete("6")
    assert store.cursor() == "6" and StoreReader(path).is_complete


def test_files_are_private_and_named_by_who_they_belong_to(tmp_path: Path) -> None:
    place = store_path(tmp_path / "data", "panel", "1001")
    Store(place).close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert place != store_path(tmp_path / "data", "panel1", "001")
    assert store_path(tmp_path, "../../etc", "\ud800/\0").parent == tmp_path / "stores"


def test_the_copy_of_an_older_version_goes(tmp_path: Path) -> None:
    place, other = store_path(tmp_path / "data", "panel", "1001"), store_path(tmp_path / "data", "panel", "1002")
    place.parent.mkdir(parents=True, mode=0o700)
    key, version = place.name.removesuffix(".db").split("-v")
    older = [place.with_name(f"{key}-v{int(version) - 1}.db{end}") for end in ("", "-wal", ".damaged-1")]
    stay = [place.with_name(f"{key}-v{int(version) + 1}.db"), other, place.with_name("notes.txt")]
    for file in (*older, *stay):
        file.touch()
    Store(place).close()
    assert not any(file.exists() for file in older) and all(file.exists() for file in (place, *stay))


def test_a_link_in_its_place_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    target = tmp_path / "precious"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(OSError):
        Store(path)
    assert target.read_text() == "precious"


def test_the_reader_cannot_write(path: Path) -> None:
    Store(path).apply_orders(orders(1))
    reader = StoreReader(path)
    with pytest.raises(sqlite3.Error):
        reader._connection.execute("DELETE FROM orders")
    with pytest.raises(sqlite3.Error):
        reader._connection.execute("PRAGMA query_only = 0").connection.execute("DELETE FROM orders")


def test_an_empty_reader_answers_everything(tmp_path: Path) -> None:
    for reader in (StoreReader(None), StoreReader(tmp_path / "absent.db")):
        assert not (reader.orders() or reader.invoices() or reader.first_orders() or reader.search("web"))
        assert [reader.account(), reader.synced_at(), reader.order("1")] == [None, None, None]
        assert reader.counts() == {"order": 0, "invoice": 0, "transfer": 0, "ticket": 0}
        assert not reader.is_complete


@pytest.mark.parametrize("damage", ["header", "garbage", "empty-page", "truncated", "version", "foreign"])
def test_an_unusable_file_is_set_aside_and_built_anew(path: Path, damage: str) -> None:
    store = Store(path)
    store.apply_orders(orders(*range(700)))
    store.complete("1")
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = path.read_bytes()
    if damage == "header":
        path.write_bytes(b"not a database at all" * 100)
    elif damage == "garbage":
        path.write_bytes(content[:100] + bytes(byte ^ 0xA5 for byte in content[100:]))
    elif damage == "empty-page":
        path.write_bytes(content[:4096] + bytes(4096 * 4) + content[4096 * 5 :])
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 3])
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 77" if damage == "version" else "DROP TABLE orders")
        connection.close()
    told: list[str] = []
    reader = StoreReader(path, told.append)
    assert len(reader.orders()) in (0, 700)
    assert isinstance(reader.first_orders(), list) and reader.search("nothing-like-it") == []
    again = Store(path)
    try:
        again.apply_orders(orders(*range(700)))
        again.complete("1")
    except StoreDamaged:
        again.rebuild()
        again.apply_orders(orders(*range(700)))
    else:
        assert again.set_aside
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    assert len(StoreReader(path).orders()) == 700


def test_damage_deep_inside_is_noticed_by_the_reader(path: Path) -> None:
    store = Store(path)
    store.apply_orders(orders(*range(600)))
    store.complete("1")
    store._connection.execute("UPDATE order_chunks SET rows = zeroblob(length(rows)) WHERE n = 0")
    told: list[str] = []
    reader = StoreReader(path, told.append)
    assert reader.orders() == []
    assert len(told) == 1 and "damaged" in told[0]
    store.rebuild()
    reader.reopen()
    store.apply_orders(orders(1))
    assert [row.id for row in reader.orders()] == ["1"]


def test_orders_one_after_another_are_all_of_them(path: Path) -> None:
    """What is made of the stream is what would be made of the list; a damaged block begins anew from nothing."""
    store = Store(path)
    store.apply_orders(orders(*range(1300)))
    store.complete("1")
    told: list[str] = []
    reader = StoreReader(path, told.append)
    assert reader.of_orders(list) == reader.orders()
    store._connection.execute("UPDATE order_chunks SET rows = zeroblob(length(rows)) WHERE n = 1")
    begun: list[int] = []

    def make(rows: Iterator[OrderRow]) -> list[OrderRow]:
        begun.append(1)
        return list(rows)

    assert reader.of_orders(make) == [] and len(begun) == 2
    assert len(told) == 1 and "damaged" in told[0]


def test_two_programs_write_the_same_store(path: Path) -> None:
    """Each in its own thread with its own connection, as two processes would be; no write is lost."""
    Store(path).close()
    errors: list[BaseException] = []

    def program(first: int) -> None:
        try:
            store = Store(path)
            for number in range(first, first + 200, 10):
                store.apply_orders(orders(*range(number, number + 10)))
                store.apply_orders(orders(number, version=2, name=f"by {first}"))
            store.close()
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    programs = [threading.Thread(target=program, args=(first,)) for first in (0, 1000)]
    for thread in programs:
        thread.start()
    for thread in programs:
        thread.join()
    assert errors == []
    rows = StoreReader(path).orders()
    assert len(rows) == len({row.id for row in rows}) == 400
    assert sum(row.name.startswith("by ") for row in rows) == 40


def test_a_held_store_is_unavailable_not_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billtui.services.store.schema.BUSY_MS", 50)
    holder, other = Store(path), Store(path)
    holder._connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        other.apply_orders(orders(1))
    with pytest.raises(StoreUnavailable):
        Store(path)
    holder._connection.execute("COMMIT")
    assert other.apply_orders(orders(1)).changed == {"1"}
    assert list(path.parent.glob("*.damaged-*")) == []


def test_a_failed_write_changes_nothing(path: Path) -> None:
    store = Store(path)
    store.apply_orders(orders(1))
    store._connection.execute("PRAGMA max_page_count = 1")  # the disk is full
    with pytest.raises(StoreUnavailable):
        store.apply_orders(orders(*range(2, 3000)))
    assert [row.id for row in StoreReader(path).orders()] == ["1"]
