"""The letter behind a composer: kept as it is typed, beside the interface's loop, never lost to another program."""

from __future__ import annotations

import threading
from typing import Unpack

from billtui.services.drafts import Draft, DraftConflict, DraftLocked
from billtui.services.ticket_writing import Letter, Words

BESIDE = "Another program changed or sent this draft meanwhile. Yours is kept beside it, as a draft of its own."


class KeptLetter:
    """One letter, one call at a time: its calls block for milliseconds and come from threads (TKT-9)."""

    def __init__(self, letter: Letter) -> None:
        """``letter`` as the session's writing made it."""
        self.letter = letter
        self._lock = threading.RLock()
        self._closed = False
        """It was discarded or is being sent: nothing is written any more."""

    @property
    def draft(self) -> Draft:
        """As it was kept last, or begun."""
        return self.letter.draft

    def save(self, **words: Unpack[Words]) -> str:
        """Keep these words; what to tell the person, where anything. An empty letter is not begun.

        Raises UnsafePath, OSError, DraftDamaged.
        """
        with self._lock:
            if self._closed:
                return ""
            self.letter.edit(**words)
            draft = self.letter.draft
            if (draft.is_empty and not draft.revision) or not self.letter.unsaved:
                return ""
            try:
                self.letter.save()
            except (DraftConflict, DraftLocked):
                self.letter.save_beside()
                return BESIDE
            return ""

    def attach(self, path: str) -> None:
        """Copy a file beside it. Raises AttachmentRefused, and as ``Letter.save``."""
        with self._lock:
            self.letter.attach(path)

    def detach(self, place: int) -> None:
        """Take the file at ``place`` off."""
        with self._lock:
            self.letter.detach(place)

    def discard(self) -> None:
        """Throw it away, as a person decided. Raises DraftConflict, DraftLocked."""
        with self._lock:
            self.letter.discard()
            self._closed = True

    def going(self) -> None:
        """It is being sent: it is not written any more."""
        with self._lock:
            self._closed = True

    def given_back(self) -> bool:
        """It was not sent: go on with it as it is on disk; False where it is gone."""
        with self._lock:
            self._closed = not self.letter.reload()
            return not self._closed
