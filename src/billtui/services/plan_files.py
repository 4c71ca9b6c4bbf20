"""Plan files: written once, never over another file, for the owner's eyes; read by people, and applied later."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

from billtui.config import paths
from billtui.services.plans import MAX_PLAN_BYTES, Plan, PlanError


def write_plan(path: Path, plan: Plan, *, force: bool = False) -> None:
    """Write ``plan`` down; nothing is sent.

    Raises FileExistsError (unless ``force``), OSError, PlanError for one that is too large to be read again, or that
    needs a one-time code, which stands in no file (TRF-2).
    """
    if plan.coded:
        raise PlanError(
            "What needs a one-time code is no plan file: the code stands in no file, and without it nothing is sent. "
            "Confirm or accept the transfer where the code is at hand."
        )
    content = plan.to_json().encode() + b"\n"
    if len(content) > MAX_PLAN_BYTES:
        most = MAX_PLAN_BYTES // 1024 // 1024
        raise PlanError(f"This plan has more than {most} MB, and no file of that size is read: make several plans.")
    write_new(path, content, force=force)


def write_typed(typed: str, plan: Plan) -> Path:
    """:func:`write_plan` to a path as a person types it (``~`` is the home); the whole path. Raises the same."""
    path = paths.typed_path(typed.strip()).absolute()
    write_plan(path, plan)
    return path


def write_new(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a file of mode 0600 in one step. Raises FileExistsError (unless ``force``), OSError."""
    if not force:
        paths.write_new(path, content)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    paths.write_new(temporary, content)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises FileNotFoundError, OSError, PlanError for anything that is not a sound plan."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise PlanError(f"{path} is not a file.")
    with path.open("rb") as file:
        return Plan.from_json(file.read(MAX_PLAN_BYTES + 1))
