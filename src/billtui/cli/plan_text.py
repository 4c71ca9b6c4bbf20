"""A plan and a job as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from billtui.cli.output import Column, Output
from billtui.cli.shapes import amount, count, iso_of, when
from billtui.domain.money import NO_CURRENCY
from billtui.services.issued import left_to_pay
from billtui.services.journal import JobRow, OperationRow, OperationState
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.pictures import compared, found_json, looked_at
from billtui.services.plans import LeftOut, Operation, Plan

_OPERATIONS = (Column("#", right=True), Column("what", cut=True), Column("amount", right=True))
SHOWN_TARGETS = 20
"""Targets of a purchase that are named in its own line; of more, the lines below name each."""
_OUTCOMES = (*_OPERATIONS, Column("state"), Column("why", cut=True))


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as ``apply`` reads it."""
    body: dict[str, Any] = json.loads(plan.to_json())
    return body


def left_out_json(left_out: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """What a plan leaves out, and why."""
    return [one.model_dump(mode="json") for one in left_out]


def show_plan(out: Output, plan: Plan, *, from_file: bool = False, full: bool = True) -> None:
    """What would be done: amount, account and panel in lines of their own, then every step."""
    for line in plan_lines(plan, from_file=from_file, full=full):
        out.line(line)
    show_left_out(out, plan.left_out)


def plan_lines(plan: Plan, *, from_file: bool = False, full: bool = True) -> list[str]:
    """The plan without what it leaves out; with ``full`` also what each purchase is made of.

    The titles of a plan ``from_file`` are the file's words, which anybody may have written: each step then says first
    what is really sent.
    """
    from billtui.cli.output import table_lines
    from billtui.cli.plan_details import detail_lines
    from billtui.terminal.harmless import one_line

    head = [
        f"Plan     {one_line(str(plan.title))}",
        *([f"Total    {plan.total}"] if plan.total.currency != NO_CURRENCY else []),
        f"Steps    {len(plan.operations)}",
        f"Account  {one_line(str(plan.login))}, ID {one_line(plan.account_id)}",
        f"Panel    {one_line(str(plan.panel_name))} (profile {one_line(plan.profile)})",
    ]
    rows = [
        [
            str(one.number),
            one_line(f"{_really(one)}: “{one.title}”" if from_file else str(one.title)),
            str(one.amount) if one.amount is not None else "",
        ]
        for one in plan.operations
    ]
    steps = table_lines(_OPERATIONS, rows, None) if rows else []
    return [*head, *steps, *(detail_lines(plan) if full else [])]


def _really(operation: Operation) -> str:
    """What an operation does, from its own parameters and targets."""
    if operation.kind in ON_TICKETS:
        from billtui.cli.ticket_plan_text import in_short

        return in_short(operation)
    how = [
        f"{name} {value}"
        for name, value in operation.params.items()
        if name not in ("invoice_id", "invoice_ids", "order_id", "order_ids", "transfer_id", "cells")
        and value is not None
    ]
    paid = [f"the invoice of step {operation.takes_from}"] if operation.takes_from is not None else []
    from billtui.cli.plan_details import DETAILED

    named_below = operation.kind in DETAILED and len(operation.targets) > SHOWN_TARGETS
    on = [f"{len(operation.targets)} orders"] if named_below else [*operation.targets]
    return " ".join([operation.kind.value, *on, *paid, *how])


def show_left_out(out: Output, left_out: Sequence[LeftOut]) -> None:
    """What is left out and why, on standard error."""
    if not left_out:
        return
    out.note(f"Left out ({len(left_out)}):")
    for one in left_out:
        rule = f" ({one.rule})" if one.rule else ""
        until = f" Available from {when(one.available_from)}." if one.available_from is not None else ""
        out.note(f"  {one.title}: {one.reason}{until}{rule}")


def operation_json(row: OperationRow) -> dict[str, Any]:
    """One operation of a job."""
    return {
        "number": row.number,
        "kind": row.kind,
        "title": row.title.raw,
        "targets": list(row.targets),
        "amount": amount(row.billed),
        "state": row.state.value,
        "code": row.code,
        "rule": row.rule,
        "detail": row.detail.raw if row.detail is not None else None,
        "request_id": row.request_id,
        "answer": row.answer,
        "sends": row.sends,
        "first_sent_at": iso_of(row.first_sent_at),
        "changed_at": iso_of(row.changed_at),
        "looked": found_json(row),
    }


def job_json(job: JobRow, operations: Sequence[OperationRow] | None = None) -> dict[str, Any]:
    """A job, with its operations where they are given."""
    body: dict[str, Any] = {
        "id": job.id,
        "kind": job.kind,
        "title": job.title.raw,
        "profile": job.profile,
        "panel": job.panel_name.raw,
        "account_id": job.account_id,
        "login": job.login.raw,
        "state": job.state.value,
        "paused": job.paused.value if job.paused is not None else None,
        "note": job.note.raw if job.note is not None else None,
        "total": amount(job.total),
        "left": amount(job.left),
        "submitted_at": iso_of(job.submitted_at),
        "counts": {state.value: number for state, number in job.counts.items()},
    }
    if operations is not None:
        body["operations"] = [operation_json(row) for row in operations]
    return body


def show_job(out: Output, job: JobRow, operations: Sequence[OperationRow]) -> None:
    """A job and what became of each operation."""
    paused = f", waits ({job.paused.value})" if job.paused is not None else ""
    out.line(f"Job {job.id[:12]}: {job.title} [{job.state.value}{paused}]")
    out.table(_OUTCOMES, [_outcome(row) for row in operations])
    for line in _both_states(operations):
        out.line(line)
    if job.left.amount:
        out.line(f"Left: {job.left}")
    for one in left_to_pay(operations):
        out.line(f"Issued, to be paid: {one.words}. Pay it with: billtui invoices pay number:{one.number} --method ...")


def _both_states(operations: Sequence[OperationRow]) -> list[str]:
    """Of what a person has to decide: the panel before it was sent, and now."""
    lines: list[str] = []
    for row in operations:
        if row.state is OperationState.NEEDS_YOU and (things := compared(row)):
            before, now = looked_at(row)
            looked = f", looked at again {when(now)}" if now is not None else ""
            lines.append(f"Step {row.number}, seen {when(before)}{looked}:")
            lines += [f"  {'*' if one.changed else ' '} {one.words}" for one in things]
    return lines


def _outcome(row: OperationRow) -> list[str]:
    rule = f" ({row.rule})" if row.rule else ""
    why = f"{row.detail}{rule}" if row.detail is not None else ""
    return [
        str(row.number),
        str(row.title),
        str(row.billed) if row.billed is not None else "",
        WORDS.get(row.state.value, row.state.value),
        why,
    ]


WORDS = {
    "prepared": "waiting",
    "not-sent": "not sent",
    "unknown": "outcome unknown",
    "needs-you": "needs you",
    "held": "held back",
}


def counts_text(job: JobRow) -> str:
    """``2 done, 1 refused``."""
    return ", ".join(
        f"{number} {WORDS.get(state.value, state.value)}" for state, number in job.counts.items() if number
    ) or count(0, "step")
