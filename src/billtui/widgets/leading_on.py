"""Enter in a form of several fields, at once: on a slow line a login, enter and a password arrive in one piece, and
what follows the enter must not land in the field before it, where it can be read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from textual.actions import SkipAction
from textual.screen import Screen
from textual.widgets import Input


def lead_on(screen: Screen[Any], fields: Sequence[Input], *, wanted: Collection[Input] | None = None) -> None:
    """Focus the next field that is empty, before another key is taken: for a binding of enter with priority.

    Only ``wanted`` fields (all, by default) are gone to, and one of them is not left while it is empty. Raises
    SkipAction where enter is to be worked off as ever: no later field is empty, or something else has the focus.
    """
    here = screen.focused
    wanted = fields if wanted is None else wanted
    if not isinstance(here, Input) or here not in fields:
        raise SkipAction
    on_its_way = here.message_queue_size > 0  # keys that it was sent and has not worked off
    if here in wanted and not here.value and not on_its_way:
        raise SkipAction
    following = next((one for one in fields[fields.index(here) + 1 :] if one in wanted and not one.value), None)
    if following is None:
        raise SkipAction
    screen.set_focus(following)
