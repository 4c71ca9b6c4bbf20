"""The command line that does the same as a key, to be pasted into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from billtui.config.profile_rules import WITHOUT_PROFILE
from billtui.config.profiles import Profile


def command_line(profile: Profile, words: Sequence[str], ids: Sequence[str]) -> str:
    """``billtui`` with ``words`` on ``profile``'s own panel, never on the one that happened to be used last.

    Ids are the panel's words: they are quoted, and can be no options.
    """
    if profile.demo:
        where = ["--demo", "--login", profile.login] if profile.login else ["--demo"]
    elif profile.name == WITHOUT_PROFILE:
        where = ["--url", profile.url, *(["--login", profile.login] if profile.login else [])]
    else:
        where = ["--profile", profile.name]
    guard = ["--"] if any(one.startswith("-") for one in ids) else []
    return shlex.join(["billtui", *words, *where, *guard, *ids])


def accounts_line(pays: bool, references: Sequence[str]) -> str:
    """``billtui accounts pay|renew`` for ``PROFILE:ID`` of several accounts."""
    words = ["accounts", "pay", "--method", "internal"] if pays else ["accounts", "renew", "--period", "1"]
    return shlex.join(["billtui", *words, *references])
