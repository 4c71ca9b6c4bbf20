"""``billtui keys``, and ``billtui sandbox serve`` where options stand before the verb."""

from __future__ import annotations

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError


def serve(_context: Context) -> Exit:
    """Only reached with options before the verb; its own options are its own."""
    raise CliError(
        "usage", "Write billtui sandbox serve first, its options behind it.", hint="billtui sandbox serve --help"
    )


def keys(context: Context) -> Exit:
    """Every key in force, with what it does."""
    from billtui.commands import COMMANDS
    from billtui.keymap import keys_of, problems_of, shown

    out, overrides = context.out, context.settings.keys
    problems = problems_of(overrides)
    if out.as_json:
        items = [
            {
                "id": command.id,
                "title": command.title,
                "keys": list(keys_of(command, overrides)),
                "where": command.scope.value,
                "help": command.help,
                "verb": command.verb,
            }
            for command in COMMANDS.values()
        ]
        out.document("keys", items=items, problems=problems)
        return Exit.DONE
    columns = (Column("where"), Column("key"), Column("id"), Column("what it does", cut=True))
    out.table(
        columns,
        (
            [
                command.scope.value,
                " ".join(map(shown, keys_of(command, overrides))) or "palette",
                command.id,
                command.help,
            ]
            for command in COMMANDS.values()
        ),
    )
    for problem in problems:
        out.note(problem)
    return Exit.DONE
