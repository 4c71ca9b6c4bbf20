"""The verb for a forgotten password."""

from __future__ import annotations

from billtui.cli.grammar_parts import Verb, flag, option

VERBS: tuple[Verb, ...] = (
    Verb(
        ("password", "recover"),
        "Forgotten: have a code mailed, then set a new password with it (ACC-3).",
        "recovering_password:recover",
        (
            option("--email", help="the account's primary e-mail: a code is mailed to it", metavar="ADDRESS"),
            flag("--code-stdin", "the mail's code and the new password are the next two lines of standard input"),
        ),
        more="On a terminal it asks for all of it, without showing what is secret; nobody needs to be signed in. In"
        " scripts it takes two runs: --email ADDRESS, then --code-stdin. Every address gets the same answer, so that"
        " nobody learns which ones exist. Neither call is ever repeated: where the answer to the second one is lost,"
        " the exit code is 9 and signing in with the new password tells.",
    ),
)
