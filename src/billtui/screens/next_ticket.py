"""After an answer, a hand-over or a close the next ticket opens by itself; ``N`` opens it by hand (TKT-8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billtui.services.staff import is_staff
from billtui.services.ticket_queue import Ranks, next_ticket
from billtui.services.waits import was_left

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


def after_acting(app: Shell, ticket_ids: Sequence[str]) -> None:
    """Something was sent that takes these tickets out of one's hands: from the thread of one of them the next opens.

    In the queue itself nothing opens: there the cursor is on the next one already.
    """
    from billtui.screens.ticket import TicketScreen

    if not is_staff(app.session.account) or not app.settings.next_ticket or was_left():
        return
    screen = app.screen
    if isinstance(screen, TicketScreen) and screen.ticket_id in ticket_ids:
        open_next(app, ticket_ids)


def open_next(app: Shell, after: Sequence[str], *, said: bool = False) -> None:
    """Open what is next for whoever sits here, in place of the thread that is open; ``after`` are left out."""
    from billtui.screens.ticket import TicketScreen

    account = app.session.account
    if account is None:
        return
    row = next_ticket(app.session.store.tickets(), Ranks(), str(account.login), but=frozenset(after))
    if row is None:
        app.say("Nothing else waits for you: what is open has somebody. 9 shows the queue.")
        if not said and isinstance(app.screen, TicketScreen):
            app.pop_screen()
        return
    if isinstance(app.screen, TicketScreen):
        app.switch_screen(TicketScreen(row.id))
    else:
        app.show_ticket(row.id)
