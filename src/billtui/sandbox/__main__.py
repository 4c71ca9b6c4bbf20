"""``python -m billtui.sandbox``: serve the reference panel."""

import sys

from billtui.sandbox.serve import main

if __name__ == "__main__":
    sys.exit(main(program="python -m billtui.sandbox"))
