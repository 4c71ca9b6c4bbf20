"""The grammar of profiles as files, and of changing them."""

from __future__ import annotations

from billtui.cli.grammar_parts import Verb, flag, option
from billtui.config.kinds import KINDS

PANEL_KIND = (
    option("--kind", help="the kind of panel; else it is recognised from its address and answers", choices=KINDS),
    option("--panel-option", help="what its driver assumes, said otherwise; may stand several times",
           metavar="NAME=VALUE", action="append"),
)  # fmt: skip
"""Which kind of panel a profile's is."""

_ASK = (
    flag("--dry-run", "show what would be taken and end"),
    flag("--yes", "do not ask; programs to run (password_command) need --with-commands as well"),
)

VERBS: tuple[Verb, ...] = (
    Verb(
        ("profile", "edit"),
        "Change single values of a profile; what is not named stays, and “none” takes a value away.",
        "profile_files:edit",
        (
            option("name", help="its name", metavar="NAME"),
            *PANEL_KIND,
            flag("--writable", "no longer read-only (--read-only makes it so)"),
            option("--ca-file", help="a PEM file of the authority, or none", metavar="FILE"),
            option("--fingerprint", help="SHA-256 of the panel's certificate, or none", metavar="HEX"),
            option("--proxy", help="an HTTP proxy, or none", metavar="URL"),
            option("--accent", help="a colour to tell it from others, or none", metavar="COLOUR"),
            option("--confirm-limit", help="above this total it is typed; none: as in the settings", metavar="AMOUNT"),
            option("--confirm-items", help="the same above so many steps, or none", metavar="N"),
            option("--password-command", help="program and arguments, or none", metavar="WORD", nargs="+"),
            option("--secret-kind", help="what that command prints", choices=("password", "token")),
        ),
        more="--url and --login change where it goes and as whom. --panel-option NAME=none takes one option away.",
        panel=False,
    ),
    Verb(
        ("profile", "rename"),
        "Give a profile another name.",
        "profile_files:rename",
        (
            option("name", help="its name", metavar="NAME"),
            option("new_name", help="its new name", metavar="NEW_NAME"),
        ),
        panel=False,
    ),
    Verb(
        ("profile", "export"),
        "Write profiles to a new file to hand on; no secret is in it.",
        "profile_files:export",
        (
            option("file", help="a new file, or - for standard output", metavar="FILE"),
            option("--only", help="only this profile; may stand several times", metavar="NAME", action="append"),
            flag("--with-commands", "also each password_command: its arguments may say more than others should know"),
        ),
        panel=False,
    ),
    Verb(
        ("profile", "import"),
        "Take profiles from a file: shown first, then all of them or none.",
        "profile_files:take",
        (
            option("file", help="the file, or - for standard input", metavar="FILE"),
            flag("--replace", "let it replace profiles of the same name; what would change is shown"),
            flag("--with-commands", "with --yes: take the programs that the file would have run, too"),
            flag("--without-commands", "leave those programs away"),
            *_ASK,
        ),
        panel=False,
    ),
)
"""Verbs about profiles beyond adding, showing and removing."""
