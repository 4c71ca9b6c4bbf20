"""What is said in passing when a job moves: few words, and only where they matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from billtui.domain.safetext import SafeText
from billtui.services.executor.events import JobEvent
from billtui.services.issued import issued_unpaid
from billtui.services.journal import JournalReader, OperationRow, OperationState, PauseReason, Recovered
from billtui.services.operation_kinds import OperationKind
from billtui.widgets.formats import count_text, span_text

Severity = Literal["information", "warning", "error"]

_MAKE_TICKETS = (OperationKind.TICKET_NEW, OperationKind.TICKET_SPLIT)
_PAUSED = {
    PauseReason.SIGN_IN: "waits until you have signed in again; nothing is lost",
    PauseReason.OFFLINE: "waits: the panel cannot be reached. Nothing more was sent; jobs (4) goes on with p",
    PauseReason.BUSY_PANEL: "waits because the panel asked to",
    PauseReason.RESTART: "was interrupted; jobs (4) shows what is left and goes on with p",
    PauseReason.OTHER_ACCOUNT: "waits: another account is signed in. Sign in to its own, then jobs (4) goes on with p",
    PauseReason.TROUBLE: "stopped by a fault of billtui; 4 shows what was not sent, and goes on with p",
    PauseReason.JOURNAL: "waits: the journal cannot be written, and nothing more is sent. Free some space, then p",
}


def recovered_lines(found: Recovered, journal: JournalReader) -> list[str]:
    """What an earlier run of the program left, a sentence for each kind: dropped, looked up now, waiting."""
    lines: list[str] = []
    for moves, words in (
        (found.dropped, "was held back when billtui ended: dropped, nothing of it was sent."),
        (found.unknown, "was being sent when billtui ended: outcome unknown, the panel is asked what became of it."),
        (found.codeless, "was not sent, and its one-time code went with billtui: give the code again."),
    ):
        jobs = list(dict.fromkeys(job_id for job_id, _ in moves))
        lines += [f"{journal.job(job_id).title}: it {words}" for job_id in jobs[:3]]
        if len(jobs) > 3:
            lines.append(f"And {len(jobs) - 3} more jobs: each {words}")
    if found.paused:
        lines.append(
            f"{count_text(len(found.paused), 'job')} of an earlier run not finished: "
            "jobs (4) shows what is left and goes on with p."
        )
    return lines


def skew_text(skew: timedelta) -> str:
    """That the clocks differ, and what to do."""
    side = "ahead of" if skew > timedelta(0) else "behind"
    return (
        f"The panel's clock is {span_text(skew.total_seconds())} {side} this computer's. Times left follow the panel's."
    )


def summary_of(event: JobEvent) -> tuple[str, Severity] | None:
    """A message and its severity, or ``None`` where silence is better."""
    title = str(event.plan_title)
    states = event.states
    if event.done:
        return _finished(title, event)
    if event.outcome is OperationState.UNKNOWN:
        return f"{title}: outcome unknown, the answer was lost. billtui asks the panel what became of it.", "warning"
    if event.outcome is OperationState.NEEDS_YOU:
        return f"{title}: only you can tell what became of it. Open jobs (4).", "error"
    if event.paused in _PAUSED and event.operation is None:
        left = sum(states.get(state, 0) for state in (OperationState.PREPARED, OperationState.HELD))
        return f"{title}: {left} left; {_PAUSED[event.paused]}.", "warning"
    return None


def _where_it_went(operation: OperationRow | None) -> str:
    """The number of a ticket that was made, which nobody knew before."""
    if operation is None or operation.kind not in _MAKE_TICKETS or not operation.answer:
        return ""
    number = operation.answer.get("number")
    return f" It is ticket {SafeText(str(number))}; 9 shows it." if number else ""


def _what_is_left(operation: OperationRow | None, steps: int) -> str:
    """That an invoice was only issued: nothing is paid, renewed or made active yet (REN-1)."""
    issued = None if operation is None else issued_unpaid(operation)
    if issued is None:
        return ""
    if steps > 1:
        return " Its invoices are not paid yet: 2 shows them."
    return f" Not paid yet: {issued.words}; 2 shows it, p pays it."


def _finished(title: str, event: JobEvent) -> tuple[str, Severity] | None:
    counts = {state: event.states.get(state, 0) for state in OperationState}
    total = sum(counts.values())
    done = counts[OperationState.DONE]
    if done == total:
        from billtui.services.executor import AWAITS_PAYMENT

        if event.operation is not None and event.operation.code == AWAITS_PAYMENT:
            return f"{title}: {event.error}", "information"
        return f"{title}: done.{_where_it_went(event.operation)}{_what_is_left(event.operation, total)}", "information"
    if counts[OperationState.CANCELLED] == total:
        return None
    words = [f"{done} of {total} done"]
    for state, word in (
        (OperationState.REFUSED, "refused"),
        (OperationState.NOT_SENT, "not sent"),
        (OperationState.CANCELLED, "cancelled"),
    ):
        if counts[state]:
            words.append(f"{counts[state]} {word}")
    reason = f" {event.error}" if event.error and total == 1 else ""
    return f"{title}: {', '.join(words)}.{reason}", "warning" if done else "error"
