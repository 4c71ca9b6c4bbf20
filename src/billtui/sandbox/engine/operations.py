"""Every write once: idempotency keys, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine.errors import EngineRefusal, KeyReused, NotedRefusal
from billtui.sandbox.engine.wire import OperationStatusJSON

if TYPE_CHECKING:
    from billtui.sandbox.database import Database
    from billtui.sandbox.engine.unit import Tx

NOT_EXECUTED = frozenset({401, 429, 503})
"""Answers that are not kept: nothing was executed, the same key may try again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers: HTTP status and JSON body; headers only where nothing is kept of it (``Retry-After``)."""

    status: int
    body: Any
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def execute(
    database: Database,
    account_id: int,
    key: str | None,
    fingerprint: str,
    work: Callable[[Tx], Answer],
    refused: Callable[[RuleBroken | EngineRefusal], Answer],
) -> Answer:
    """Do ``work`` once for ``key``, in one transaction with the record of its answer.

    The same key with the same fingerprint answers the first answer again, ``replayed``; with another it raises
    :class:`KeyReused`. A refusal undoes the work, is turned into an answer by ``refused`` and kept alike, unless it
    means that nothing was executed. Without a key nothing is remembered. From before the transaction until after its
    commit the key counts as running, so that a look-up never takes a write at work for one never seen.
    """
    if key is None:
        return _once(database, work, refused)
    with database.at_work(account_id, key), database.write() as tx:
        kept = tx.sql(
            "SELECT fingerprint, status, answer FROM operations WHERE account_id = ? AND key = ? AND at >= ?",
            (account_id, key, _oldest(tx)),
        ).fetchone()
        if kept is not None:
            if kept[0] != fingerprint:
                detail = "This idempotency key was used for another request"
                raise KeyReused(detail, fields={"Idempotency-Key": detail})
            return Answer(int(kept[1]), json.loads(kept[2]), replayed=True)
        answer = _attempt(tx, key, work, refused)
        if answer.status not in NOT_EXECUTED:
            _remember(tx, account_id, key, fingerprint, answer)
    return answer


def _once(
    database: Database, work: Callable[[Tx], Answer], refused: Callable[[RuleBroken | EngineRefusal], Answer]
) -> Answer:
    with database.write() as tx:
        return _attempt(tx, None, work, refused)


def _attempt(
    tx: Tx,
    key: str | None,
    work: Callable[[Tx], Answer],
    refused: Callable[[RuleBroken | EngineRefusal], Answer],
) -> Answer:
    """Work under a savepoint: a refusal leaves nothing behind."""
    inner = tx.fresh()
    inner.operation = key
    savepoint = tx.conn.begin_nested()
    try:
        answer = work(inner)
        inner.flush()
    except (RuleBroken, EngineRefusal) as error:
        savepoint.rollback()
        if isinstance(error, NotedRefusal):
            error.note(tx)
        return refused(error)
    savepoint.commit()
    return answer


def _oldest(tx: Tx) -> int:
    """Answers from before this instant are forgotten."""
    return tx.at - int(tx.policy.operation_memory.total_seconds()) * 1_000_000


def _remember(tx: Tx, account_id: int, key: str, fingerprint: str, answer: Answer) -> None:
    tx.sql("DELETE FROM operations WHERE at < ?", (_oldest(tx),))
    tx.sql(
        "INSERT INTO operations (account_id, key, fingerprint, state, status, answer, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            account_id,
            key,
            fingerprint,
            "refused" if answer.status >= 400 else "done",
            answer.status,
            json.dumps(answer.body),
            tx.at,
        ),
    )


def status(database: Database, account_id: int, key: str) -> OperationStatusJSON:
    """What became of a write: never-seen, running, done (with its answer) or refused (with the problem)."""
    running = database.is_running(account_id, key)
    with database.read() as tx:
        kept = tx.sql(
            "SELECT state, status, answer FROM operations WHERE account_id = ? AND key = ? AND at >= ?",
            (account_id, key, _oldest(tx)),
        ).fetchone()
    if kept is None:
        return {"state": "running" if running else "never-seen"}
    answer = json.loads(kept[2])
    if kept[0] == "refused":
        return {"state": "refused", "status": int(kept[1]), "problem": answer}
    return {"state": "done", "status": int(kept[1]), "answer": answer}
