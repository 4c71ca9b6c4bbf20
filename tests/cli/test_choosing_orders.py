"""Many orders from the command line: by expression, list, saved selection; tags, export, names by pattern."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from billtui.config.paths import state_dir
from billtui.domain.models import Account
from billtui.services.own_files import OwnFiles
from tests.support.command_line import Cli, Json


def planned(cli: Cli, *arguments: str, code: int = 0) -> list[Json]:
    """The operations of a dry run."""
    operations: list[Json] = cli.json(*arguments, "--dry-run", code=code)["plan"]["operations"]
    return operations


def save_selection(cli: Cli, name: str, ids: list[str]) -> None:
    """A selection as the program saves it."""
    who = cli.json("whoami")["account"]
    OwnFiles(state_dir(), Account.model_validate(who)).selections.put("order", name, ids)


def test_an_expression_chooses_what_the_panel_says(cli: Cli) -> None:
    everything = cli.orders()
    chosen = cli.orders("--where", "loc:nl,pl plan:micro,small -bill:open")
    wanted = [
        one["id"]
        for one in everything
        if one["location"] in ("nl", "pl")
        and one["plan"] in ("vds-micro", "vds-small")
        and one["unpaid_invoice_id"] is None
        and one["state"] not in ("deleted", "cancelled")
    ]
    assert wanted
    assert sorted(one["id"] for one in chosen) == sorted(wanted)


def test_a_mistake_in_an_expression_says_where(cli: Cli) -> None:
    result = cli("orders", "list", "--where", "loc:nl days<x", "--json")
    assert result.code == 2
    assert "At character 13" in result.error["detail"]
    assert "days<7" in result.error["detail"]


def test_where_narrows_what_is_named(cli: Cli) -> None:
    one, other = cli.renewable(2)
    refs = [f"id:{one['id']}", f"id:{other['id']}"]
    operations = planned(cli, "orders", "action", "reboot", *refs, "--where", f"id:{other['id']}")
    assert [operation["targets"] for operation in operations] == [[f"order:{other['id']}"]]
    assert cli("orders", "action", "reboot", *refs, "--where", "name:no-such-name", "--dry-run").code == 4


def test_nothing_named_is_no_order_and_never_all(cli: Cli) -> None:
    for verb in ("renew --period 1", "action stop", "auto-renew off", "rename --pattern x-{n}"):
        assert cli("orders", *verb.split(), "--yes").code == 2


def test_a_list_from_a_file_and_what_is_unknown(cli: Cli, tmp_path: Path) -> None:
    one, other = cli.renewable(2)
    path = tmp_path / "list.txt"
    path.write_text(f"# mine\n{one['name']}, {other['address']}\nghost-1; ghost-2\n")
    refused = cli("orders", "renew", "--from", str(path), "--period", "1", "--dry-run", "--json")
    assert refused.code == 4
    assert "ghost-1" in refused.error["detail"]
    assert "ghost-2" in refused.error["detail"]
    operations = planned(cli, "orders", "renew", "--from", str(path), "--skip-unknown", "--period", "1")
    assert sorted(operations[0]["targets"]) == sorted(f"order:{key}" for key in (one["id"], other["id"]))


def test_a_list_without_an_end_is_not_read(cli: Cli) -> None:
    result = cli("orders", "list", "--from", "/dev/zero", "--json")
    assert (result.code, result.error["code"]) == (2, "usage")
    assert "too large for a list" in result.error["detail"]


def test_a_list_from_standard_input(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    one = cli.renewable()[0]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{one['address']}\n"))
    operations = planned(cli, "orders", "action", "reboot", "--from", "-")
    assert operations[0]["targets"] == [f"order:{one['id']}"]


def test_a_saved_selection(cli: Cli) -> None:
    one = cli.renewable()[0]
    save_selection(cli, "mine", [one["id"], "no-such"])
    refused = cli("orders", "action", "reboot", "--select", "mine", "--dry-run", "--json")
    assert refused.code == 4
    assert "no-such" in refused.error["detail"]
    operations = planned(cli, "orders", "action", "reboot", "--select", "mine", "--skip-unknown")
    assert operations[0]["targets"] == [f"order:{one['id']}"]
    unknown = cli("orders", "list", "--select", "other", "--json")
    assert unknown.code == 4
    assert "mine" in unknown.error["hint"]


def test_tags_choose_and_are_listed(cli: Cli) -> None:
    one, other = cli.renewable(2)
    assert cli.json("orders", "tag", "add", "keep,nl", f"id:{one['id']}", f"id:{other['id']}")["changed"] == 2
    assert {row["id"] for row in cli.orders("--where", "tag:keep")} == {one["id"], other["id"]}
    assert cli.json("orders", "tag", "remove", "keep", "--where", f"id:{one['id']} tag:keep")["changed"] == 1
    listed = cli.orders("--where", "tag:*")
    assert {row["id"]: row["tags"] for row in listed} == {one["id"]: ["nl"], other["id"]: ["keep", "nl"]}
    assert cli.json("orders", "tag", "list")["items"] == [{"tag": "keep", "orders": 1}, {"tag": "nl", "orders": 2}]
    assert cli("orders", "tag", "add", "two words", "--where", "tag:*").code == 2
    assert cli("orders", "tag", "add", "--where", "tag:*").code == 2
    cli.json("orders", "tag", "remove", "keep,nl", "--where", "tag:*")
    assert cli.json("orders", "tag", "list")["items"] == []


def test_export_to_a_new_file_only(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    assert cli("orders", "export", "--where", "loc:nl", "--out", str(path)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert rows
    assert {row["location"] for row in rows} == {"nl"}
    again = cli("orders", "export", "--where", "loc:nl", "--out", str(path), "--json")
    assert again.error["code"] == "file-exists"
    assert "--force" not in str(again.error), "export has none"
    nobody = cli("orders", "export", "--where", "loc:nl", "--out", "~nobody-is-called-so/x", "--json")
    assert nobody.error["code"] == "file", "no fault of the program"
    items = json.loads(cli("orders", "export", "--where", "loc:nl", "--format", "json").out)["items"]
    assert [one["id"] for one in items] == [row["id"] for row in rows]
    addresses = cli("orders", "export", "--where", "loc:nl", "--format", "ips").out.split()
    assert addresses == [row["address"] for row in rows if row["address"]]


def test_many_names_by_a_pattern_in_one_plan(own_cli) -> None:  # type: ignore[no-untyped-def]  # a fixture that makes Cli
    cli: Cli = own_cli()
    wanted = [one["id"] for one in cli.orders("--where", "loc:nl,de state:active kind:vds")]
    before = {one["id"]: one["name"] for one in cli.orders()}
    rename = ("orders", "rename", "--pattern", "fleet-{loc}-{n:02}", "--where", "loc:nl,de state:active kind:vds")
    job = cli.json(*rename, "--yes")["job"]
    assert job["state"] == "finished"
    after = {one["id"]: one["name"] for one in cli.orders()}
    renamed = {key for key in after if after[key] != before[key]}
    assert renamed == set(wanted)
    for place in ("nl", "de"):
        names = sorted(after[key] for key in renamed if after[key].startswith(f"fleet-{place}-"))
        assert names == [f"fleet-{place}-{number:02}" for number in range(1, len(names) + 1)]
    clash = cli("orders", "rename", "--pattern", "same", "--where", "loc:nl", "--yes", "--json")
    assert clash.code == 2
    assert "add {n}" in clash.error["detail"]
