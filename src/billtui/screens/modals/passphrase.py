"""The passphrase of the encrypted credentials file, on hosts without a keyring."""

from __future__ import annotations

from typing import Literal

from billtui.screens.modals.prompt import Prompt

LEAST = 8
"""Characters that a new passphrase has at least."""


def passphrase_prompt(purpose: Literal["open", "new"], why: str = "") -> Prompt:
    """A dialog that asks for the passphrase; ``esc`` goes on without: one stays signed in until the program ends.

    ``why`` says, the first time, what is wrong with the keyring.
    """
    before = f"{why}\n" if why else ""
    if purpose == "open":
        return Prompt(
            "Unlock the saved sign-in",
            label=f"{before}Passphrase of the encrypted credentials file:",
            password=True,
            button="Unlock",
            note="esc goes on without it; you sign in with your password then.",
        )

    def check(text: str) -> str | None:
        return None if len(text) >= LEAST else f"Use {LEAST} characters or more, or press esc."

    return Prompt(
        "Stay signed in?",
        label=f"{before}A passphrase keeps the sign-in in an encrypted file:",
        password=True,
        button="Keep",
        check=check,
        note="esc keeps it in memory only: you stay signed in until billtui ends.",
    )
