"""Named views of lists in views.toml."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from billtui.config.errors import ConfigError
from billtui.services.saved_views import SavedView, SavedViews, SortKey

ENDING = SavedView("orders", "ending soon", "days<7", (SortKey("paid_until"), SortKey("price", True)), ("name", "plan"))


def test_kept_and_read_again(tmp_path: Path) -> None:
    views = SavedViews(tmp_path / "config" / "views.toml")
    assert views.load() == ({}, []) and views.of("orders") == []
    views.put(ENDING)
    views.put(SavedView("orders", "all"))
    views.put(SavedView("invoices", "unpaid", "state:unpaid"))
    again = SavedViews(views.path)
    assert again.of("orders") == [SavedView("orders", "all"), ENDING]
    assert again.get("orders", "ending soon") == ENDING
    assert again.get("invoices", "ending soon") is None
    assert stat.S_IMODE(views.path.stat().st_mode) == 0o600
    assert 'sort = ["paid_until", "-price"]' in views.path.read_text()


def test_replaced_and_removed_without_touching_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "views.toml"
    path.touch(0o600)
    path.write_text('# mine\n[orders."ending soon"]\nfilter = "old"\n\n[invoices.other]\n# a note\nfilter = "x"\n')
    views = SavedViews(path)
    views.put(ENDING)
    assert "# mine" in path.read_text() and "# a note" in path.read_text()
    assert views.get("orders", "ending soon") == ENDING
    assert views.remove("orders", "ending soon") and not views.remove("orders", "ending soon")
    assert [view.name for view in views.of("invoices")] == ["other"]


@pytest.mark.parametrize(
    "view",
    [
        SavedView("nothing", "x"),
        SavedView("orders", ""),
        SavedView("orders", "a\x1b"),
        SavedView("orders", "x", "a\nb"),
        SavedView("orders", "x", "f" * 501),
        SavedView("orders", "x", sort=(SortKey("na me"),)),
        SavedView("orders", "x", columns=("",)),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, view: SavedView) -> None:
    views = SavedViews(tmp_path / "views.toml")
    with pytest.raises(ValueError):
        views.put(view)
    assert not views.path.exists()


def test_a_broken_view_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "views.toml"
    path.touch(0o600)
    path.write_text('[orders.good]\nfilter = "x"\n[orders.bad]\nsort = 3\n[elsewhere.v]\n[jobs]\nv = 1\n')
    found, problems = SavedViews(path).load()
    assert list(found) == [("orders", "good")]
    assert len(problems) == 3 and "columns" in problems[0]


def test_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "views.toml"
    path.touch(0o600)
    path.write_text("[orders")
    with pytest.raises(ConfigError):
        SavedViews(path).load()
