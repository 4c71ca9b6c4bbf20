"""The command line: starts the program; the same verbs without a screen.

Importing this loads neither Textual nor the HTTP library nor the models: ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run billtui and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"] and sys.stdout is not None and not sys.stdout.closed:
        return _say_version()
    if arguments and arguments[0] not in ("-p", "--profile", "--demo", "--url"):
        from billtui.cli.entry import run

        return run(arguments)
    try:
        from billtui.cli.opening import begun

        with begun(arguments) as opening:  # the first frame stands before anything else is loaded (P-START-1)
            from billtui.cli.entry import run

            return run(arguments, opening)
    except KeyboardInterrupt:  # before anybody watched over signals
        sys.stderr.write("billtui: Interrupted; nothing was sent.\n")
        return 130


def _say_version() -> int:
    """The commonest question of scripts is answered before anything is loaded (P-START-3)."""
    from billtui import __version__

    try:
        sys.stdout.write(f"billtui {__version__}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        from billtui.cli.entry import run

        return run(["--version"])  # knows what to do with a reader that is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
