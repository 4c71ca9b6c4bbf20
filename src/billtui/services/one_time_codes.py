"""One-time codes of transfers (TRF-2): read from what a person pastes, and what is said where one is missing.

A code is a secret: it goes from the field, or from standard input, straight to the executor's memory, and from there
into one request. It stands in no plan, journal, plan file, log, title or picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import SecretStr

from billtui.domain.safetext import SafeText
from billtui.services.operation_kinds import OperationKind
from billtui.services.pasted_codes import LinkedCode, bare_code, links_in

K = OperationKind

CODE_NEEDED: Final = "code-needed"
"""Code of an operation that was not sent because its one-time code is not there any more."""
STEP_OF: Final = {K.TRANSFER_CONFIRM: "confirm", K.TRANSFER_ACCEPT: "accept"}
"""The steps that need a code; so the fragment of a mail's link is named, and the verb of the command line."""
_LONG_ENOUGH: Final = 6
"""A shorter text is no code of a mail, and may stand in any sentence by chance."""


class NoCode(ValueError):
    """What was typed or pasted is no code for this step; the message says why and what to give instead."""


def code_of(pasted: str, kind: OperationKind, transfer_id: str | None = None, host: str = "") -> SecretStr:
    """The code in a pasted link of the mail, or the bare code. Raises NoCode; its message never repeats what was given.

    ``kind`` is the step that it is for. A link of the other step, or of another transfer than ``transfer_id``, is
    refused, before a request is lost on it; so is one that leads elsewhere than to ``host``, the panel's own.
    """
    step = STEP_OF[kind]
    text = "".join(pasted.split())
    if not text:
        raise NoCode(f"Nothing was given. The code stands in the mail; its whole link does as well ({step}).")
    if "://" in text or "#" in text:
        link = _link(text, step, host)
        if transfer_id is not None and link.transfer_id != transfer_id:
            raise NoCode("That link is for another transfer: paste the one of the mail about this order.")
        return link.code
    code = bare_code(text)
    if code is None:
        raise NoCode("That is no code: it has letters, digits and dashes. The whole link of the mail does as well.")
    return code


def link_of(pasted: str, kind: OperationKind, host: str = "") -> tuple[str, SecretStr]:
    """The transfer that a mail's link is for, and its code. Raises NoCode, also for a bare code.

    A link that leads elsewhere than to ``host`` is another panel's: its code is not sent to this one.
    """
    link = _link("".join(pasted.split()), STEP_OF[kind], host)
    return link.transfer_id, link.code


def _link(text: str, step: str, host: str) -> LinkedCode:
    """The one link in ``text``; one of the other step only where there is none of this."""
    links = links_in(text)
    if not links:
        raise NoCode("That link carries no code: paste the whole link of the mail, or the code alone.")
    own = [link for link in links if not host or link.host in ("", host)]
    if not own:
        where = SafeText(links[0].host)
        raise NoCode(f"That link leads to {where}, and this panel is {host}: its code is not sent here.")
    for link in own:
        if link.step == step:
            return link
    whose = "the sender's, to confirm" if own[0].step == "confirm" else "the recipient's, to accept"
    raise NoCode(f"That link is {whose}; this step is to {step}. Paste the link of the other mail.")


def code_needed_words(kind: OperationKind, targets: Iterable[str]) -> str:
    """What is said of a step that was not sent for want of its code, with the way out."""
    transfer = next((one.partition(":")[2] for one in targets if one.startswith("transfer:")), "ID")
    step = STEP_OF.get(kind, "accept")
    return (
        "It was not sent: its one-time code was in memory only, and is gone with the program that had it. "
        f"Give the code again: billtui transfers {step} id:{transfer}."
    )


def without_code(text: str, code: SecretStr | None) -> str:
    """``text`` of a panel without the code, should the panel repeat it."""
    secret = code.get_secret_value() if code is not None else ""
    return text.replace(secret, "(the code)") if len(secret) >= _LONG_ENOUGH else text


def answer_without_code(answer: dict[str, Any], code: SecretStr | None) -> dict[str, Any]:
    """``answer`` of a panel without the values that repeat the code."""
    secret = code.get_secret_value() if code is not None else ""
    if len(secret) < _LONG_ENOUGH:
        return answer
    return {name: value for name, value in answer.items() if secret not in json.dumps(value, ensure_ascii=False)}
