"""The passphrase of the encrypted credentials file, on hosts without a keyring."""

from __future__ import annotations

from typing import Literal

from billtui.screens.modals.prompt import Prompt

LEAST = 8
"""Characters that a new passphrase has at least."""


def passphrase_prompt(purpose: Literal["open", "new"], why: str = "") -> Prompt:
    """A dialog that asks for the passphrase; ``esc`` goes on without: one stays signed in until the program ends.

    Neither answer takes back that somebody has signed in, and both say what they do instead.

    ``why`` says, the first time, what is wrong with the keyring.
    """
    before = f"{why}\n" if why else ""
    if purpose == "open":
        return Prompt(
            "Unlock the saved sign-in",
            label=f"{before}Passphrase of the encrypted credentials file:",
            password=True,
            button="Unlock",
            without="Go on without",
            note="Go on without (esc): you sign in with your password then.",
        )

    def check(text: str) -> str | None:
        return None if len(text) >= LEAST else f"Use {LEAST} characters or more, or press esc."

    return Prompt(
        "Stay signed in?",
        label=f"{before}A passphrase keeps the sign-in in an encrypted file:",
        password=True,
        button="Keep in a file",
        without="Until billtui ends",
        check=check,
        note="You are signed in either way. Until billtui ends (esc): it is kept in memory only, and you sign in again"
        " next time.",
    )
