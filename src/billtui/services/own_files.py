"""What a person keeps about one account on this computer: tags, marks, saved selections, what was read."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.services.account_files import account_file
from billtui.services.kept_marks import KeptMarks
from billtui.services.order_tags import OrderTags
from billtui.services.read_marks import ReadMarks
from billtui.services.selection import SavedSelections

if TYPE_CHECKING:
    from billtui.domain.models import Account


class OwnFiles:
    """The private files of one account of one panel, below the state directory; each is made when first written."""

    def __init__(self, state_dir: Path, account: Account) -> None:
        self._state_dir = state_dir
        self.account = account

    def is_of(self, account: Account) -> bool:
        """Whether they are ``account``'s: same panel, same account."""
        ours = self.account
        return (ours.panel_id, ours.account_id) == (account.panel_id, account.account_id)

    @cached_property
    def tags(self) -> OrderTags:
        """Tags on orders."""
        return OrderTags(account_file(self._state_dir, "tags", self.account))

    @cached_property
    def marks(self) -> KeptMarks:
        """What is marked in the lists."""
        return KeptMarks(account_file(self._state_dir, "marks", self.account))

    @cached_property
    def read_marks(self) -> ReadMarks:
        """Up to where tickets were read."""
        return ReadMarks(account_file(self._state_dir, "read", self.account))

    @cached_property
    def selections(self) -> SavedSelections:
        """Selections by name."""
        return SavedSelections(account_file(self._state_dir, "selections", self.account))
