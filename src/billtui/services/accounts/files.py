"""Plans of several accounts as files: one for each, so that none can be carried out as somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.config.paths import typed_path
from billtui.services import plan_files
from billtui.services.plans import PlanError

if TYPE_CHECKING:
    from billtui.services.accounts.bulk import AccountPlan


def write_plans(folder: str, plans: Iterable[AccountPlan], *, force: bool = False) -> list[Path]:
    """Write ``PROFILE-ID.json`` for each plan; the paths. Raises PlanError with what is written, and why not all."""
    place = typed_path(folder.strip())
    if not place.is_dir():
        raise PlanError(f"{place} is not a folder; make it first.")
    written: list[Path] = []
    for one in plans:
        if one.plan is None or not one.plan.operations:
            continue
        path = place / f"{one.profile.name}-{one.plan.id[:8]}.json"
        try:
            plan_files.write_plan(path, one.plan, force=force)
        except FileExistsError:
            raise PlanError(f"{path} is there already, and is not overwritten.{_so_far(written)}") from None
        except OSError as error:
            raise PlanError(f"{path} cannot be written ({error.strerror or error}).{_so_far(written)}") from None
        written.append(path)
    return written


def _so_far(written: list[Path]) -> str:
    return f" Written so far: {', '.join(path.name for path in written)}." if written else ""
