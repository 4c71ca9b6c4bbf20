"""``billtui queue show|summary``: what support answers next and why, and what a shift came to (TKT-7, TKT-10)."""

from __future__ import annotations

from datetime import timedelta

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, count, iso_of, ticket_row_json, when
from billtui.cli.verbs.tickets import check_capability
from billtui.domain.safetext import SafeText
from billtui.services.ticket_queue import Ranks, count_views, queue_views, why_next

_COLUMNS = (
    Column("number", right=True),
    Column("department"),
    Column("client", cut=True),
    Column("assignee", cut=True),
    Column("subject", cut=True),
    Column("why", cut=True),
)


async def show(context: Context) -> Exit:
    """A view of the queue in its order, each row saying why it stands there."""
    options, out = context.options, context.out
    async with context.reading() as session:
        check_capability(session, "staff")
        store, moment = session.store, int(session.now().timestamp())
        me = str(session.account.login) if session.account is not None else ""
        departments = {str(one.id): str(one.name) for one in await session.tickets.departments()}
        views = {one.id: one for one in queue_views(me, departments)}
        if options.view not in views:
            raise CliError("unknown-view", f"There is no view “{options.view[:40]}”.",
                           hint=f"There are: {', '.join(views)}")  # fmt: skip
        view, ranks = views[options.view], Ranks()
        rows = store.tickets()
        counts = count_views(rows, me, moment)
        words = [SafeText(word).casefold() for word in (options.query or "").split()]
        found = [row for row in rows if view.shows(row, moment)]
        found = [row for row in found if all(word in f"{row.number} {row.subject}".casefold() for word in words)]
        found.sort(key=ranks.key)
        shown = found[: options.limit] if options.limit else found
        why = {row.id: why_next(row, ranks.reasons(row, moment), moment) for row in shown}
        if out.as_json:
            unread = session.tickets.unread()
            items = [
                ticket_row_json(row, unread=row.id in unread)
                | {"why": why[row.id], "reasons": [one.why.value for one in ranks.reasons(row, moment)]}
                for row in shown
            ]
            out.document(
                "queue", synced_at=iso_of(store.synced_at()), view=view.id, total=len(found),
                counts=dict(counts.by_view), late=counts.late, due=counts.due, down=counts.down, items=items,
            )  # fmt: skip
            return Exit.DONE
        out.table(
            _COLUMNS,
            ([row.number, row.department, row.login, row.assignee or "–", row.subject, why[row.id]] for row in shown),
            empty="Nothing is waiting here.",
        )
        more = f"; {len(found) - len(shown)} more" if len(shown) < len(found) else ""
        out.note(
            f"{view.title}: {count(len(shown), 'ticket')}{more}. {counts.late} late, {counts.due} due within the hour. "
            f"As of {age(store.synced_at())}."
        )
    return Exit.DONE


async def summary(context: Context) -> Exit:
    """Answers, first answers, closed and opened tickets, and the backlog hour by hour."""
    options, out = context.options, context.out
    if not 1 <= options.hours <= 24 * 31:
        raise CliError("usage", "--hours: 1 to 744.")
    async with context.signed_in() as (session, account):
        check_capability(session, "staff")
        login = str(account.login) if options.mine else options.by
        found = await session.tickets.summary(session.now() - timedelta(hours=options.hours), login)
        if out.as_json:
            out.document("shift-summary", summary=found.model_dump(mode="json"))
            return Exit.DONE
        late = f", {found.first_answers_late} of them late" if found.first_answers_late else ""
        median = found.first_answer_seconds_median
        minutes = "" if median is None else f"; half of them within {median // 60} min of open time"
        out.facts(
            [
                ("From", f"{when(found.since)} to {when(found.until)}"),
                ("By", str(found.login or "everybody")),
                ("Answers", str(found.answered)),
                ("First", f"{found.first_answers}{late}{minutes}"),
                ("Closed", str(found.closed)),
                ("Opened", str(found.opened)),
                ("Backlog", f"{found.backlog} now; by the hour {' '.join(map(str, found.backlog_by_hour)) or '–'}"),
                ("Next hour", f"{count(len(found.due_next_hour), 'first answer')} due"),
            ]
        )
    return Exit.DONE
