"""The command line: starts the program; the same verbs without a screen."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run billtui and return its exit code."""
    from billtui.cli.demo import running_demo
    from billtui.cli.start import run_program
    from billtui.config.settings import load_settings
    from billtui.terminal.environment import settle

    facts = settle()
    del argv
    with running_demo() as demo:
        return run_program(load_settings().settings, demo.profile, facts, demo=demo)


if __name__ == "__main__":
    sys.exit(main())
