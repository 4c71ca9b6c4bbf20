"""The document of all verbs, options and exit codes, made from the grammar: ``docs/commands.md``."""

from __future__ import annotations

from billtui.cli.exits import MEANINGS
from billtui.cli.grammar import COMMON, GROUPS, PROGRAM_OPTIONS, VERBS, WRITE, Option, Verb

_INTRODUCTION = """\
# Commands

Everything the full-screen program does to a bill can be done without it. `billtui` alone opens the program with the
last profile; without a terminal it prints a plain overview and ends. `billtui --demo` does so on the built-in panel.

- `--json` prints one JSON document on stdout, with `"schema": 1` and `"kind"`; errors are JSON on stderr with `code`,
  `detail`, `rule`, `retryable`, `exit` and often `hint`. Without it there are tables, cut to the width of a terminal,
  never with a control character or a colour.
- Secrets are never options. They come from the keyring or the encrypted file (`billtui login`), from
  `password_command` of the profile, or from `BILLTUI_TOKEN` and `BILLTUI_PASSWORD` in the environment. One-time codes
  of transfers are asked for without being shown, or read from standard input; see [transfers.md](transfers.md).
- An invoice is named by its id or its number, an order by its id or its name. Where one word could mean two of them
  nothing is done: write `id:320`, `number:267`, `name:web-01`.

## Changing something

Every change is a plan first: it is shown, confirmed, written to the journal, and only then sent, once.

- `--dry-run` shows the plan and ends. `--plan-out FILE` writes it; `billtui apply FILE` carries it out, here or on
  another host, once, however often it is applied. Panels without keys cannot tell another host; there it is said, and a
  plan of new servers is not sent unasked where the panel has changed since the file was written.
- On a terminal the plan is confirmed by `y`, or above the profile's limit by typing the total; where orders go to
  another account, by typing the recipient's login once more. Without a terminal
  nothing is sent without `--yes`; above the limit (`confirm_limit`, `confirm_items`) `--max-total 120.00EUR` is needed
  as well.
- What a rule forbids is left out, with its reason; the rest is done, and the exit code is 7. `orders renew --pay`
  issues no invoice that the balance could not pay.
- If the answer is lost, the outcome is looked up for `--settle-seconds`. Still unknown, the exit code is 9: do not
  repeat it, run `billtui jobs settle JOB`.
"""


def commands_document() -> str:
    """The whole document."""
    lines = [_INTRODUCTION, "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    lines += ["", "## Options of the program", "", *_table(PROGRAM_OPTIONS[:1] + PROGRAM_OPTIONS[-2:])]
    lines += ["", "## Options of every verb", "", "They may stand before or behind the verb.", "", *_table(COMMON)]
    lines += ["", "## Options of verbs that change something", "", *_table(WRITE)]
    lines += ["", "## Verbs"]
    group = ""
    for verb in VERBS:
        if len(verb.path) == 2 and verb.path[0] != group:
            group = verb.path[0]
            lines += ["", f"### {GROUPS[group]}"]
        lines += ["", *_verb(verb)]
    return "\n".join(lines) + "\n"


def _verb(verb: Verb) -> list[str]:
    arguments = " ".join(option.shown for option in verb.options if option.positional)
    needed = " ".join(
        option.shown for option in verb.options if not option.positional and option.settings.get("required")
    )
    usage = " ".join(part for part in ("billtui", verb.name, arguments, needed) if part)
    notes = [] if not verb.writes else ["Takes the options of verbs that change something."]
    text = " ".join(part for part in (verb.help, verb.more, *notes) if part)
    lines = [f"#### `{usage}`", "", text]
    return [*lines, "", *_table(verb.options)] if verb.options else lines


def _table(options: tuple[Option, ...]) -> list[str]:
    lines = ["| option | meaning |", "|---|---|"]
    for option in options:
        name = option.shown.replace("|", "\\|")
        lines.append(f"| `{name}` | {_meaning(option)} |")
    return lines


def _meaning(option: Option) -> str:
    choices = option.settings.get("choices")
    more = f" ({', '.join(map(str, choices))})" if choices and option.positional else ""
    return f"{option.help}{more}"
