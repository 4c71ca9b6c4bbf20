"""What is being chosen on the order of many servers: kept while the screen is left, and over a restart."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from billtui.config.errors import UnsafePath
from billtui.config.paths import locked, read_private, write_private
from billtui.domain.models import AutoRenew, OrderCell, OrderRequest
from billtui.domain.safetext import SafeText

MAX_BYTES: Final = 1024 * 1024


class OrderDraft(BaseModel):
    """Quantities and everything else that was typed; nothing of it was sent."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    cells: tuple[OrderCell, ...] = ()
    period: int = 1
    """Months (REN-3)."""
    addons: tuple[str, ...] = ()
    """Ids, as the panel wrote them."""
    names: str = Field(default="", max_length=500)
    """A pattern of host names, as typed; empty: the panel names them."""
    auto_renew: AutoRenew | None = None
    """``None``: as the panel has it for new orders."""
    promo_code: str = Field(default="", max_length=200)

    @property
    def quantities(self) -> dict[tuple[str, str], int]:
        """Quantity by plan and location, raw ids."""
        return {(cell.plan.raw, cell.location.raw): cell.quantity for cell in self.cells}

    def with_quantities(self, quantities: dict[tuple[str, str], int]) -> OrderDraft:
        """The same with other quantities."""
        cells = tuple(
            OrderCell(plan=SafeText(plan), location=SafeText(location), quantity=quantity)
            for (plan, location), quantity in quantities.items()
        )
        return self.model_copy(update={"cells": cells})

    def request(self, *, with_code: bool = True) -> OrderRequest:
        """What the panel is asked for."""
        return OrderRequest(
            cells=list(self.cells),
            period=self.period,
            addons=[SafeText(one) for one in self.addons],
            names=SafeText(self.names) if self.names else None,
            auto_renew=self.auto_renew,
            promo_code=SafeText(self.promo_code) if self.promo_code and with_code else None,
        )

    def command_words(self) -> list[str]:
        """Verb and options that order the same on the command line."""
        cells = ",".join(f"{cell.location.raw}:{cell.plan.raw}={cell.quantity}" for cell in self.cells)
        words = ["order", "new", "--cells", cells, "--period", str(self.period)]
        words += [word for one in self.addons for word in ("--addon", one)]
        words += ["--names", self.names] if self.names else []
        auto = self.auto_renew
        words += ["--auto-renew", str(auto.months)] if auto is not None and auto.on else []
        return [*words, "--promo", self.promo_code] if self.promo_code else words


class KeptDraft(BaseModel):
    """The file: the draft, and what was confirmed last, until it is known that it was bought."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    draft: OrderDraft = OrderDraft()
    confirmed: OrderDraft | None = None
    job_id: str = ""


class OrderDrafts:
    """The draft of one account, in a private file (``state/drafts/…``).

    What was confirmed leaves the draft at once, so that it cannot be ordered twice by a slip; it comes back only when
    it is certain that nothing of it was bought.
    """

    def __init__(self, folder: Path, panel_id: str, account_id: str) -> None:
        """Below ``folder``, the state directory."""
        name = hashlib.sha256(f"{panel_id}\n{account_id}".encode()).hexdigest()[:24]
        self.path = folder / "drafts" / f"order-{name}.json"

    def load(self) -> KeptDraft:
        """What is kept; an empty draft where there is none, or none that can be used."""
        try:
            return KeptDraft.model_validate_json(read_private(self.path, MAX_BYTES))
        except (FileNotFoundError, UnsafePath, ValidationError):
            return KeptDraft()

    def save(self, draft: OrderDraft) -> None:
        """Keep ``draft``. Raises UnsafePath, OSError."""
        with locked(self.path):
            kept = self.load()
            if kept.draft != draft:
                self._write(kept.model_copy(update={"draft": draft}))

    def confirmed(self, draft: OrderDraft, job_id: str) -> None:
        """``draft`` was confirmed as the job ``job_id``: its cells are emptied, its other choices stay."""
        left = draft.model_copy(update={"cells": (), "promo_code": ""})
        with locked(self.path):
            self._write(KeptDraft(draft=left, confirmed=draft, job_id=job_id))

    def settled(self, back: OrderDraft | None) -> OrderDraft | None:
        """It is known what became of what was confirmed: ``back`` was not bought and becomes the draft again.

        Only where nothing else was begun meanwhile. Gives what came back.
        """
        with locked(self.path):
            kept = self.load()
            if kept.confirmed is None:
                return None
            if kept.draft.cells:
                back = None
            self._write(KeptDraft(draft=back or kept.draft))
            return back

    def _write(self, kept: KeptDraft) -> None:
        write_private(self.path, kept.model_dump_json().encode())
