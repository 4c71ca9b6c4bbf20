"""One-time codes of transfers: from standard input or asked for unseen, never from an option (TRF-2)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic import SecretStr

from billtui.cli.context import Context
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_secret, can_ask
from billtui.cli.shapes import count
from billtui.services.one_time_codes import STEP_OF, NoCode, code_of, link_of
from billtui.services.plans import OperationKind, Plan
from billtui.terminal.harmless import one_line

_MOST_LINES = 1000
_LONGEST = 4096


def check_usage(context: Context, kind: OperationKind) -> None:
    options, step = context.options, STEP_OF[kind]
    if getattr(options, "plan_out", None):
        words = "A confirmation needs the one-time code of its mail, and a code stands in no file."
        raise CliError("usage", f"{words} Nothing was sent.", hint=f"Leave --plan-out away: billtui transfers {step} …")
    if options.code_stdin and options.link_stdin:
        raise CliError("usage", "--code-stdin and --link-stdin exclude each other.")
    if not options.transfer and not options.link_stdin:
        raise CliError(
            "usage",
            f"Which transfers to {step}?",
            hint="Name them, see: billtui transfers list --open; or --link-stdin.",
        )


def stdin_lines(name: str) -> list[str]:
    """Lines of standard input that are not empty. Raises CliError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise CliError("usage", f"{name} reads standard input, and nothing is piped into it.")
    text = sys.stdin.read(_MOST_LINES * _LONGEST + 1)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LINES or any(len(line) > _LONGEST for line in lines):
        raise CliError("usage", f"{name}: at most {_MOST_LINES} lines of {_LONGEST} characters are read.")
    if not lines:
        raise CliError("no-code", f"{name}: standard input was empty; nothing was sent.", rule="TRF-2")
    return lines


def read_links(kind: OperationKind, host: str) -> dict[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for place, line in enumerate(stdin_lines("--link-stdin"), start=1):
        try:
            key, code = link_of(line, kind, host)
        except NoCode as error:
            raise CliError("no-code", f"--link-stdin, line {place}: {error} Nothing was sent.", rule="TRF-2") from None
        found[key] = code
    return found


def paired(keys: Sequence[str], lines: Sequence[str], kind: OperationKind, host: str) -> dict[str, SecretStr]:
    if len(keys) != len(lines):
        words = f"{count(len(keys), 'transfer')} and {count(len(lines), 'line')} of codes; nothing was sent."
        raise CliError("no-code", words, rule="TRF-2", hint="One line for each TRANSFER, in their order.")
    return {key: _code(line, kind, key, host, f"--code-stdin, line {place}") for place, (key, line) in enumerate(
        zip(keys, lines, strict=True), start=1)}  # fmt: skip


def asked(plan: Plan, kind: OperationKind, host: str) -> dict[str, SecretStr]:
    """Ask on the terminal for the code of each step, without showing it."""
    if not can_ask():
        raise CliError(
            "no-code",
            "It needs the one-time code of the mail, and there is no terminal to ask on; nothing was sent.",
            rule="TRF-2",
            hint="Add --code-stdin or --link-stdin.",
        )
    found: dict[str, SecretStr] = {}
    for number in plan.coded:
        operation = plan.operation(number)
        key, name = operation.text("transfer_id"), operation.facts.get("order_name")
        typed = ask_secret(f"Code or link of the mail about {_shown(name)} (transfer {_shown(key)}), not shown: ")
        if typed is None:
            raise CliError("no-code", "Without the code nothing was sent.", rule="TRF-2")
        found[key] = _code(typed.get_secret_value(), kind, key, host, f"Transfer {_shown(key)}")
    return found


def _code(text: str, kind: OperationKind, key: str, host: str, where: str) -> SecretStr:
    try:
        return code_of(text, kind, key, host)
    except NoCode as error:
        raise CliError("no-code", f"{where}: {error} Nothing was sent.", rule="TRF-2") from None


def _shown(value: object) -> str:
    """A text of the panel in a question on the terminal."""
    return one_line(str(value))
