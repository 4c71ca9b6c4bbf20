"""The command line as a process: it never hangs, never tells a secret, and keeps the journal right whatever ends it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import ENTRY, PASSWORD, SECONDS, Cli, environment, process
from tests.support.sandbox import SandboxProcess

SECRET = {"BILLTUI_PASSWORD": PASSWORD}


def on(sandbox: SandboxProcess, *arguments: str) -> list[str]:
    """A command line on a panel, as its first client."""
    login = str(sandbox.accounts[0]["login"])
    return [sys.executable, "-c", ENTRY, "--url", sandbox.url, "--login", login, *arguments]


def test_without_a_profile_and_a_terminal_it_says_what_to_do_first() -> None:
    result = process()
    assert result.code == 0
    assert "billtui --demo" in result.out
    assert "billtui profile add" in result.out
    assert process("--json").json["next"][0] == "billtui --demo"
    verb = process("orders", "list", "--json")
    assert (verb.code, verb.error["code"]) == (2, "no-profile")


@pytest.mark.parametrize("term", ["", "xterm-256color"])
def test_the_demo_prints_its_overview_without_a_terminal(term: str) -> None:
    result = process("--demo", "--fleet", "6", variables={"TERM": term})
    assert result.code == 0, result
    assert "Ends in 7 d" in result.out
    assert "olena.marsh" in result.out


def test_the_demo_keeps_its_money_and_begins_anew_on_reset() -> None:
    """The panel ends with the command; its database stays, and a reset takes the journal along."""
    first = process("balance", "move", "2", "--yes", "--demo", "--json")
    assert first.code == 0, first
    second = process("balance", "--demo", "--json").json
    assert process("jobs", "list", "--demo", "--json").json["items"][0]["state"] == "finished"
    anew = process("--demo", "--reset", "--json").json
    assert anew["balances"]["internal"] != second["internal"]
    assert process("jobs", "list", "--demo", "--json").json["items"] == []


def test_a_demo_whose_password_was_changed_asks_for_the_new_one() -> None:
    """ACC-2: it does not try the old one until the login is locked; the new one helps, and so does a reset."""
    changed = process("password", "change", "--password-stdin", "--demo", stdin=f"{PASSWORD}\nquite another phrase\n")
    assert changed.code == 0, changed
    for _ in range(6):
        refused = process("balance", "--demo", "--json")
        assert refused.code == 3, refused
        assert "BILLTUI_PASSWORD" in refused.err
    right = process("balance", "--demo", "--json", variables={"BILLTUI_PASSWORD": "quite another phrase"})
    assert right.code == 0, right
    assert process("--demo", "--reset", "--json").code == 0
    assert process("balance", "--demo", "--json").code == 0


def test_reset_and_hostile_hold_for_verbs_too() -> None:
    """They are never read and then left aside; and what a verb keeps first does not shut the journal out."""
    tag = process("orders", "tag", "add", "keep", "1", "--demo", "--json")
    assert tag.code == 0, tag
    assert process("balance", "move", "2", "--yes", "--demo", "--json").code == 0
    assert process("--demo", "--reset", "orders", "tag", "list", "--json").json["items"] == []
    refused = process("--demo", "--reset", "jobs", "list", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    tame, hostile = process("whoami", "--demo", "--json"), process("--demo", "--hostile", "whoami", "--json")
    assert tame.json["url"] != hostile.json["url"]


def test_a_second_command_joins_the_demo_that_runs() -> None:
    from billtui.cli.demo import running_demo

    with running_demo() as demo:
        joined = process("whoami", "--demo", "--json")
        assert joined.json["url"] == demo.url
        refused = process("--demo", "--reset", "--json")
        assert refused.code == 1
        assert "Leave it first" in refused.error["detail"]
        other = process("whoami", "--demo", "--login", "kofi.brandt", "--json")
        assert other.json["account"]["login"] == "kofi.brandt"
        nobody = process("whoami", "--demo", "--login", "nobody", "--json")
        assert nobody.code != 0
        assert "kofi.brandt" in nobody.error["detail"]


@pytest.mark.parametrize("closed", ["1>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_hang_nothing(command_panel: SandboxProcess, closed: str) -> None:
    """A closed descriptor must not become the journal's."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *on(command_panel, "orders", "list")],
        capture_output=True,
        timeout=SECONDS,
        env=environment(**SECRET),
        check=False,
    )
    assert done.returncode == 0, done
    if "1>&-" not in closed:
        assert b"git-nl-01" in done.stdout


def test_a_reader_that_goes_away_is_no_error(command_panel: SandboxProcess) -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "bash", *on(command_panel, "invoices", "list")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(**SECRET),
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_the_output_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", ENTRY, "keys"],
            stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
            env=environment(), check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_in_mid_payment_is_130_and_the_payment_is_settled_once(
    own_cli: Callable[..., Cli], tmp_path: Path
) -> None:
    """RELIABILITY: what was being sent is looked up at the next start; never two payments, never a lost one."""
    cli = own_cli()
    invoice = cli.issue()
    before = cli.internal()
    cli.sandbox.faults({"kind": "latency", "ms": 20_000, "method": "POST", "path": "*/payments"})
    running = subprocess.Popen(
        on(cli.sandbox, "invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", "--json"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(**SECRET), start_new_session=True,
    )  # fmt: skip
    journal = Path(os.environ["BILLTUI_STATE_DIR"]) / "journal.db"
    wait_until_sending(journal, invoice["id"])
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=SECONDS)
    assert running.returncode == 130, (out, err)
    error = json.loads(err.strip().splitlines()[-1])
    assert error["code"] == "interrupted"
    assert set(error["job"]["counts"]) <= {"sending", "unknown"}
    assert "jobs settle" in error["hint"]

    cli.sandbox.faults()
    settled = cli("jobs", "settle", error["job"]["id"], "--json")
    while settled.code == 9:  # the panel may still be holding the request back
        settled = cli("jobs", "settle", error["job"]["id"], "--json")
    job = settled.json["job"]
    if job["state"] == "paused":
        job = cli.json("jobs", "resume", job["id"], "--yes")["job"]
    assert job["counts"] == {"done": 1}
    assert cli.invoice(invoice["id"])["state"] == "paid"
    spent = round((float(before) - float(cli.internal())) * 100)
    assert spent == round(float(invoice["total"]["amount"]) * 100)
    assert cli("journal", "verify").code == 0


def wait_until_sending(journal: Path, invoice_id: str) -> None:
    """Until the journal has the payment of the invoice as being sent."""
    import time

    from billtui.services.journal import JournalReader, OperationState

    end = time.monotonic() + SECONDS
    reader = JournalReader(journal)
    try:
        while not any(f"invoice:{invoice_id}" in row.targets for row in reader.in_state(OperationState.SENDING)):
            assert time.monotonic() < end, "the payment never began"
    finally:
        reader.close()


def test_ctrl_c_before_anything_was_sent_is_130(own_sandbox: Callable[..., SandboxProcess]) -> None:
    sandbox = own_sandbox(fleet=4)
    sandbox.faults({"kind": "latency", "ms": 20_000, "path": "/orders"})
    running = subprocess.Popen(
        on(sandbox, "orders", "list", "--json"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(**SECRET), start_new_session=True,
    )  # fmt: skip
    while not any(sandbox.fault_strikes()):
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out) == (130, "")
    assert json.loads(err)["detail"] == "Interrupted; nothing was sent."
    sandbox.kill()


def test_a_fault_of_the_program_tells_where_and_no_values(tmp_path: Path) -> None:
    """RELIABILITY "Secrets": no locals, no messages."""
    code = (
        "import sys\n"
        "import billtui.cli.doctor as doctor\n"
        "def broken(environment=None, facts=None):\n"
        "    password = 'canary-8f3a'\n"
        "    raise KeyError(password)\n"
        "doctor.examine = broken\n"
        "from billtui.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    for arguments in (["doctor"], ["doctor", "--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, env=environment(), check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "KeyError" in done.stderr
        assert "canary-8f3a" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    reports = list((Path(os.environ["BILLTUI_STATE_DIR"]) / "crashes").iterdir())
    assert len(reports) == 2
    assert all("canary-8f3a" not in report.read_text() for report in reports)


def test_secrets_of_the_environment_reach_no_child_and_no_output() -> None:
    """The demo's panel is a child: it must not have them (RELIABILITY "Secrets")."""
    canary = "canary-51c7e0"
    variables = {"BILLTUI_PASSWORD": canary, "BILLTUI_TOKEN": canary}
    code = (
        "import subprocess, sys\n"
        "seen = []\n"
        "original = subprocess.Popen\n"
        "class Watched(original):\n"
        "    def __init__(self, command, **options):\n"
        "        import os\n"
        "        seen.append((list(command), dict(options.get('env') or os.environ)))\n"
        "        super().__init__(command, **options)\n"
        "subprocess.Popen = Watched\n"
        "from billtui.cli import main\n"
        "code = main(['whoami', '--demo', '--fleet', '4', '--json'])\n"
        "sys.stderr.write(f'children:{len(seen)}\\n')\n"
        f"assert not any({canary!r} in str(one) for one in seen)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, env=environment(**variables),
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "children:1" in done.stderr
    assert canary not in done.stdout + done.stderr
    assert canary not in process("doctor", variables=variables).out
    state = Path(os.environ["BILLTUI_DATA_DIR"])
    assert not any(canary.encode() in path.read_bytes() for path in state.rglob("*") if path.is_file())


def test_no_option_takes_a_secret() -> None:
    """Command lines are seen by everybody on the host."""
    from billtui.cli.grammar import PROGRAM_OPTIONS, VERBS

    options = [*PROGRAM_OPTIONS, *(option for verb in VERBS for option in verb.all_options())]
    names = {name for option in options if option.takes_value for name in option.names}
    assert not {name for name in names if "password" in name or "token" in name or "totp" in name} - {
        "--password-file",
        "--password-command",
    }


def test_sandbox_serve_is_handed_over() -> None:
    result = process("sandbox", "serve", "--openapi")
    assert result.code == 0
    assert json.loads(result.out)["openapi"].startswith("3.")
    assert process("sandbox", "serve", "--port", "x").code == 2


@pytest.mark.parametrize(
    ("words", "expected", "unexpected"),
    [
        (["inv"], ["invoices"], ["orders"]),
        (["invoices", ""], ["pay", "promise"], ["renew"]),
        (["--profile", "work", "orders", "re"], ["renew", "rename"], ["list"]),
        (["orders", "renew", "5", "--pe"], ["--period"], ["--method"]),
        (["orders", "renew", "5", "--pay", ""], ["internal", "affiliate"], ["--period"]),
        (["orders", "action", "re"], ["reboot", "reset", "reinstall"], ["start"]),
        (["completion", ""], ["bash", "zsh", "fish"], ["invoices"]),
    ],
)
def test_bash_completes(words: list[str], expected: list[str], unexpected: list[str]) -> None:
    from billtui.cli.completion import bash

    script = (
        f"{bash()}\nCOMP_WORDS=(billtui {' '.join(repr(word) for word in words)})\nCOMP_CWORD={len(words)}\n"
        '_billtui\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20, check=True)
    found = done.stdout.split()
    assert set(expected) <= set(found)
    assert not set(unexpected) & set(found)
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_name_every_verb(shell: str) -> None:
    from billtui.cli.completion import SCRIPTS
    from billtui.cli.grammar import VERBS

    script = SCRIPTS[shell]()
    for verb in VERBS:
        assert verb.path[-1] in script
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
