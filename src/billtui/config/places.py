"""Where billtui's directories are, as the environment says it. Imports nothing that `python -c pass` has not loaded.

The first frame is painted before anything else is imported (P-START-1), and looks here for what it shows.
"""

from __future__ import annotations

import os
import sys

NAME = "billtui"
_BELOW_HOME = {"CONFIG": ".config", "STATE": ".local/state", "DATA": ".local/share", "CACHE": ".cache"}


def place(kind: str) -> str | None:
    """The directory of ``kind`` (CONFIG, STATE, DATA, CACHE); ``None`` where the system's own rules decide.

    ``BILLTUI_KIND_DIR`` comes first, as it stands; then XDG's variable, where it is an absolute path as XDG asks.
    """
    override = os.environ.get(f"BILLTUI_{kind}_DIR")
    if override:
        return override
    if not sys.platform.startswith("linux") or "ANDROID_DATA" in os.environ:
        return None
    base = os.environ.get(f"XDG_{kind}_HOME", "")
    if not base.startswith("/"):
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        base = f"{home}/{_BELOW_HOME[kind]}"
    return f"{base.rstrip('/')}/{NAME}"
