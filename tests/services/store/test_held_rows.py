"""Reading a list again costs what changed of it; writing one costs few transactions (P-SYNC, P-STORE). Only counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from billtui.domain.models import Order
from billtui.services.store import HeldRows, Store, StoreReader
from billtui.services.store.prepared import Prepared
from billtui.services.store.schema import CHUNK
from tests.support.small_panel import order

BLOCKS = 4


def orders(first: int, count: int, **other: object) -> list[Order]:
    return [Order.model_validate(order(number, **other)) for number in range(first, first + count)]


class Watched:
    """A reader whose reads of blocks are counted."""

    def __init__(self, path: Path) -> None:
        self.told: list[str] = []
        self.reader = StoreReader(path, self.told.append)
        self.held = HeldRows()
        self._said: list[str] = []
        self.reader._connection.set_trace_callback(self._said.append)

    def orders(self) -> tuple[list[tuple[object, ...]], int]:
        """All rows, and how many blocks were read for them."""
        self._said.clear()
        rows = self.reader.held_orders(self.held)
        return [tuple(row) for row in rows], sum("crc, rows FROM order_chunks" in text for text in self._said)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "copy.db"


@pytest.fixture
def store(path: Path) -> Store:
    store = Store(path)
    store.apply_orders(orders(0, BLOCKS * CHUNK - 1))  # numbers begin at 1: the last block is full too
    return store


def fresh(path: Path) -> list[tuple[object, ...]]:
    return [tuple(row) for row in StoreReader(path).orders()]


def test_only_blocks_that_changed_are_read_again(store: Store, path: Path) -> None:
    watched = Watched(path)
    assert watched.orders() == (fresh(path), BLOCKS)
    before = watched.reader.held_orders(watched.held)
    assert watched.orders() == (fresh(path), 0)
    assert watched.reader.held_orders(watched.held) is before
    store.apply_orders(orders(CHUNK + 5, 1, name="other", version=2))
    assert watched.orders() == (fresh(path), 1)
    after = watched.reader.held_orders(watched.held)
    assert sum(one is not other for one, other in zip(before.blocks, after.blocks, strict=True)) == 1
    store.apply_orders(orders(90_000, 1))
    assert watched.orders() == (fresh(path), 1)
    store.remove("order", ["0", "90000"])
    assert watched.orders() == (fresh(path), 1)  # the block of the last one is gone, that of the first is another
    store.apply_orders(orders(0, 3, version=2), force=True)
    assert watched.orders() == (fresh(path), 2)
    assert watched.told == []


def test_a_first_copy_is_read_once_however_often_it_is_looked_at(path: Path) -> None:
    """P-SYNC: a list on the screen that grows by 100 pages has its rows read once, not a hundred times."""
    store = Store(path)
    watched = Watched(path)
    read = 0
    for first in range(0, 20 * CHUNK, CHUNK):
        store.apply_orders(orders(first, CHUNK))
        rows, blocks = watched.orders()
        assert len(rows) == first + CHUNK
        read += blocks
    assert read <= 2 * 20  # the block that a page ends in is read again with the next one


def test_another_file_is_read_whole(store: Store, path: Path) -> None:
    watched = Watched(path)
    watched.orders()
    store.rebuild()
    store.apply_orders(orders(7, 2))
    watched.reader.reopen()
    assert [row.id for row in watched.reader.held_orders(watched.held)] == ["7", "8"]


def test_damage_in_a_block_that_is_held_shows_when_it_is_read_again(store: Store, path: Path) -> None:
    watched = Watched(path)
    watched.orders()
    store.apply_orders(orders(1, 1, name="other", version=2))
    store._connection.execute("UPDATE order_chunks SET rows = zeroblob(length(rows)) WHERE n = 0")
    assert list(watched.reader.held_orders(watched.held)) == []
    assert len(watched.told) == 1 and "damaged" in watched.told[0]


def test_several_pages_are_one_transaction_and_one_generation(path: Path) -> None:
    store = Store(path)
    said: list[str] = []
    store._connection.set_trace_callback(said.append)
    pages = [Prepared.of("order", orders(first, 500)) for first in range(0, 2_500, 500)]
    applied = store.apply("order", [Prepared.unpacked("order", page.packed()) for page in pages])
    assert len(applied.changed) == len(applied.seen) == 2_500
    assert sum(text == "COMMIT" for text in said) == 1
    assert sum(text.startswith("REPLACE INTO order_chunks") for text in said) == 2_500 // CHUNK + 1
    assert len(fresh(path)) == 2_500


def test_one_that_comes_twice_in_a_batch_is_kept_as_it_is_newest(path: Path) -> None:
    """A list that changes while it is read may tell of one twice, on two pages that are written at once."""
    store = Store(path)
    newer, older = orders(1, 1, name="new", version=3), orders(1, 1, name="old", version=2)
    applied = store.apply("order", [Prepared.of("order", [*newer, *orders(100, 600)]), Prepared.of("order", older)])
    assert applied.stale == {"1"}
    (row,) = (row for row in StoreReader(path).orders() if row.id == "1")
    assert (row.name, row.version) == ("new", 3)
