"""``python -m billtui`` is the same as ``billtui``."""

import sys

from billtui.cli import main

if __name__ == "__main__":
    sys.exit(main())
