"""Documents made from the code: ``python -m docs_build`` writes them, ``--check`` says which are stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parent / "docs"


def keys_document() -> str:
    """All commands with their keys, by where they work."""
    from billtui.commands import COMMANDS, Scope
    from billtui.keymap import FORBIDDEN, shown

    lines = [
        "# Keys",
        "",
        "Every command, its keys and what it can do. Keys can be changed in settings under `[keys]`, by the",
        "id of the command; `billtui keys` shows those in force. Letters work on a Cyrillic layout too: the same",
        "physical key runs the same command. Disabled commands stay visible and say why when their key is pressed.",
    ]
    for scope in Scope:
        commands = [command for command in COMMANDS.values() if command.scope is scope]
        if not commands:
            continue
        lines += [
            "",
            f"## {scope.value.capitalize()}",
            "",
            "| key | command | what it does | can | id | command line |",
        ]
        lines.append("|---|---|---|---|---|---|")
        for command in commands:
            keys = " ".join(f"`{shown(key)}`" for key in command.keys) or "palette"
            verb = f"`{command.verb}`" if command.verb else ""
            lines.append(
                f"| {keys} | {command.title} | {command.help} | {command.danger.value} | `{command.id}` | {verb} |"
            )
    lines += ["", "## Keys that cannot be used", ""]
    lines += [f"- `{key}`: {reason}" for key, reason in FORBIDDEN.items()]
    return "\n".join(lines) + "\n"


def commands_document() -> str:
    """All verbs of the command line, their options and the exit codes."""
    from billtui.cli.reference import commands_document

    return commands_document()


def panels_document() -> str:
    """What each kind of panel can do, how it behaves, and what its driver assumes."""
    from billtui.cli.reference_panels import panels_document

    return panels_document()


DOCUMENTS: dict[str, Callable[[], str]] = {
    "keys.md": keys_document,
    "commands.md": commands_document,
    "panels.md": panels_document,
}
"""File in docs/ → what makes it."""


def main() -> int:
    """Write or check; 1 if something is stale."""
    parser = argparse.ArgumentParser(prog="docs_build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say which documents are stale")
    check = parser.parse_args().check
    stale = []
    for name, make in DOCUMENTS.items():
        path, text = DOCS / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'stale' if check else 'written'}: {', '.join(stale)}", file=sys.stderr if check else sys.stdout)
        if check:
            print("Run ./dev docs and commit what it writes.", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
