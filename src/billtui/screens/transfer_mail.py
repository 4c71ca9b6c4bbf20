"""From the sandbox's mails to the transfers that they are about: a real panel would have sent them (TRF-2)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billtui.domain.models import Mail
from billtui.screens.modals.mail import MailAnswer, MailDialog
from billtui.services.pasted_codes import LinkedCode, links_in

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


async def look_for_codes(app: Shell, wanted: Collection[str]) -> list[LinkedCode]:
    """Show the mails to this account; the codes of those that were chosen."""
    answer = await _ask(app, wanted)
    return [code for mail in answer.mails if (code := code_in(mail)) is not None] if answer is not None else []


async def read_mail(app: Shell) -> None:
    """Show the mails to this account; one with the code of a transfer leads there and uses it."""
    from billtui.screens.transfer_actions import give_codes

    answer = await _ask(app, ())
    if answer is None:
        return
    mail = answer.mails[0]
    code = code_in(mail)
    if code is None:
        app.say("This mail's code is not for a transfer. v shows it.")
        return
    await app.session.refresh()  # the mail may be newer than the copy
    await give_codes(app, code.step, [code.transfer_id], {code.transfer_id: code.code})


async def _ask(app: Shell, wanted: Collection[str]) -> MailAnswer | None:
    account = app.session.account
    address = str(account.email.raw) if account is not None else ""

    def about(mail: Mail) -> str:
        if app.session.closed:
            return ""  # the program is leaving, and the list is drawn once more
        store = app.session.store
        if mail.transfer_id is not None and (row := store.transfer_rows([mail.transfer_id]).get(str(mail.transfer_id))):
            return row.order_name
        order = store.order_rows([mail.order_id]).get(str(mail.order_id)) if mail.order_id is not None else None
        return order.name if order is not None else ""

    return await app.push_screen_wait(
        MailDialog(
            lambda: app.session.mails(address or None),
            to=str(account.email) if account is not None else "",
            wanted=wanted,
            about=about,
        )
    )


def code_in(mail: Mail) -> LinkedCode | None:
    """The code of a transfer that a mail carries, by its link."""
    if mail.link is None or mail.code is None:
        return None
    found = links_in(mail.link.raw)
    return found[0]._replace(code=SecretStr(mail.code.raw)) if found else None
