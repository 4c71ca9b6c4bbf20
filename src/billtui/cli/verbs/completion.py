"""``billtui completion``"""

from __future__ import annotations

from billtui.cli.completion import SCRIPTS
from billtui.cli.context import Context
from billtui.cli.exits import Exit


def completion(context: Context) -> Exit:
    """The script for one shell."""
    shell = context.options.shell
    script = SCRIPTS[shell]()
    if context.out.as_json:
        context.out.document("completion", shell=shell, script=script)
    else:
        for line in script.splitlines():
            context.out.line(line)
    return Exit.DONE
