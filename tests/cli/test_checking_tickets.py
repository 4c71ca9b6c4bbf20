"""``billtui tickets check``: what is said, the exit codes, no secret of a ticket printed (TKT-2, TKT-3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from billtui.cli import main
from tests.support.command_line import Cli, process

GOOD = """\
IPv6 route of the order is gone since 10:40
Since 10:40 ping to 2001:db8:ffff::1 ends with "Network is unreachable", IPv4 works.
"""
POOR = """\
help
My server does not work, see the attached log. root password: Xk29-fds!
"""
Said = tuple[int, str, str]


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> Said:
    capsys.readouterr()
    code = main(["tickets", "check", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def poor(tmp_path: Path) -> str:
    path = tmp_path / "poor.txt"
    path.write_text(POOR, encoding="utf-8")
    return str(path)


def test_a_good_ticket_from_a_pipe() -> None:
    said = process("tickets", "check", "--order", "7", stdin=GOOD)
    assert (said.code, said.out) == (0, "")
    assert "Nothing to say against it" in said.err


def test_a_poor_ticket_from_a_file(poor: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, poor)
    assert code == 5
    names = {line.split(" ")[0] for line in out.splitlines() if not line.startswith(" ")}
    assert names == {"secret-in-text", "no-order", "no-steps", "subject-says-nothing", "missing-attachment"}
    assert "secret-in-text (TKT-3), line 2: " in out
    assert "5 findings; all of it is advice." in err
    assert "Xk29" not in out + err


def test_options_answer_findings(poor: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, poor, "--order", "7", "--attach", "a.log", "--json")
    document = json.loads(out)
    assert (code, document["kind"], document["count"]) == (5, "ticket-review", 3)
    assert [one["id"] for one in document["findings"]] == ["secret-in-text", "no-steps", "subject-says-nothing"]
    [secret] = [one for one in document["findings"] if one["fix"] == "Mask"]
    body = POOR.partition("\n")[2]
    assert body[secret["span"]["start"] : secret["span"]["end"]] == "Xk29-fds!"
    assert "Xk29" not in out
    assert {one["rule"] for one in document["findings"]} == {"TKT-2", "TKT-3"}
    assert check(capsys, poor, "--turn", "client", "--attach", "a.log", "--json")[0] == 5


def test_what_needs_nobody_is_fixed(poor: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, poor, "--order", "7", "--attach", "a.log", "--fixed")
    assert code == 5, "the new sections wait to be filled"
    lines = out.splitlines()
    assert lines[1] == "My server does not work, see the attached log. root password: [removed]"
    assert [line.strip() for line in lines[-3:]] == ["Where:", "Since when:", "Steps to reproduce:"]
    assert "Fixed: secret-in-text (TKT-3)" in err
    assert "Left: empty-section" in err
    assert "Xk29" not in out + err
    code, out, _ = check(capsys, poor, "--order", "7", "--attach", "a.log", "--fixed", "--json")
    document = json.loads(out)
    assert (code, document["kind"], document["fixed"]) == (
        5,
        "ticket-fixed",
        ["secret-in-text", "no-steps", "subject-says-nothing"],
    )
    assert document["subject"] == "My server does not work, see the attached log"
    assert {one["id"] for one in document["findings"]} == {"empty-section"}


def test_letters_of_other_systems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert check(capsys, str(path), "--order", "7")[0] == 0
    path.write_bytes(b"\x1b]52;c;aGk=\x07 help\n\xff\xfe password: Xk29-fds\x1b[2J\n")
    code, out, err = check(capsys, str(path), "--fixed", "--order", "7")
    assert code == 0, "masked, and nothing else is left to say"
    assert "[removed]" in out
    assert not any(char in out + err for char in "\x1b\x07")
    assert "Xk29" not in out + err


def test_files_are_named_together_or_one_by_one(poor: str, capsys: pytest.CaptureFixture[str]) -> None:
    for files in (["--attach", "a.log", "b.log"], ["--attach", "a.log", "--attach", "b.log"]):
        assert "missing-attachment" not in check(capsys, poor, *files)[1]


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(capsys, str(tmp_path / "none.txt"))
    assert code == 4
    assert "There is no file" in err
    (tmp_path / "long.txt").write_text("x" * 1_000_001, encoding="utf-8")
    code, _, err = check(capsys, str(tmp_path / "long.txt"))
    assert code == 2
    assert "attach the log as a file" in err
    assert check(capsys, str(tmp_path))[0] == 2


def test_own_orders_are_known_from_the_last_copy(cli: Cli, tmp_path: Path) -> None:
    order = cli.renewable()[0]  # which made the copy
    path = tmp_path / "ticket.txt"
    path.write_text(
        f"No route since 10:40\nPing to {order['address']} fails since 10:40: no route.\n", encoding="utf-8"
    )
    [finding] = cli.json("tickets", "check", str(path), code=5)["findings"]
    assert finding["id"] == "no-order"
    assert finding["fix_words"] == f"Select order {order['id']}."
    assert cli("tickets", "check", str(path), "--order", str(order["id"])).code == 0
