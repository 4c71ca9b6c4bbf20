"""The command line: starts the program; the same verbs without a screen.

Importing this loads neither Textual nor the HTTP library nor the models: ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run billtui and return its exit code."""
    from billtui.cli.entry import run

    return run(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
