"""A thread of messages to read: walked row by row, drawn for the visible window only.

Place and choice are ids: messages that come meanwhile, another width, or an unfolded log never move what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message

from billtui.widgets.thread_canvas import ThreadCanvas
from billtui.widgets.thread_found import Place
from billtui.widgets.thread_layout import Spot, ThreadEntry, ThreadFile
from billtui.widgets.thread_lines import ASIDE, GUTTER

__all__ = ["ThreadEntry", "ThreadFile", "ThreadView"]

WHEEL_ROWS = 3


class ThreadView(ThreadCanvas, can_focus=True):
    """Messages in their order, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_rows(1)", "Down", show=False, id="thread.down"),
        Binding("up,k", "scroll_rows(-1)", "Up", show=False, id="thread.up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="thread.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="thread.page_up"),
        Binding("home,g", "first", "First message", show=False, id="thread.first"),
        Binding("end,G", "last", "Last message", show=False, id="thread.last"),
        Binding("right_square_bracket,J", "choose(1)", "Next message", show=False, id="thread.next"),
        Binding("left_square_bracket,K", "choose(-1)", "Message before", show=False, id="thread.before"),
        Binding("U", "unread", "First unread", show=False, id="thread.unread"),
        Binding("z", "fold", "Unfold", show=False, id="thread.fold"),
    ]

    @dataclass
    class Moved(Message):
        """Another message is chosen, another search place, or new messages stand below: words around may change."""

        thread: ThreadView

    @dataclass
    class Shown(Message):
        """A message that was never on the screen before, and none after it, is seen now."""

        thread: ThreadView
        message_id: str

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:
        """No messages yet."""
        super().__init__(ascii_only=ascii_only, id=id)
        self._furthest = -1
        """Number of the last message that was on the screen."""
        self._placed = False

    # --- what is shown

    @property
    def entries(self) -> Sequence[ThreadEntry]:
        """All messages."""
        return self._layout_of.entries

    @property
    def chosen(self) -> ThreadEntry | None:
        """The message that keys act on."""
        number = self._layout_of.number_of(self._chosen)
        return None if number is None else self.entries[number]

    @property
    def chosen_number(self) -> int:
        """Its place, from 1; 0 where there is none."""
        number = self._layout_of.number_of(self._chosen)
        return 0 if number is None else number + 1

    @property
    def not_shown_yet(self) -> int:
        """How many messages stand below that were never on the screen."""
        return max(len(self.entries) - 1 - self._furthest, 0) if self._placed else 0

    @property
    def last_shown(self) -> str:
        """The id of the last message that was on the screen; empty before anything was."""
        return self.entries[self._furthest].id if 0 <= self._furthest < len(self.entries) else ""

    def show(self, entries: Sequence[ThreadEntry], unread: str | None = None) -> None:
        """Show these. The first time, at the first unread one, else at the end; later, what is read stays where it is.

        One's own new message, though, is gone to, where the end of the thread was in sight.
        """
        layout = self._layout_of
        if entries == layout.entries and unread == layout.unread:
            return
        first = not layout.entries
        end_in_sight = not first and self._end_in_sight()
        before = len(layout.entries)
        furthest = layout.entries[self._furthest].id if 0 <= self._furthest < before else None
        self._set_entries(entries, unread)
        if self._found.wanted:
            self._found.look(self._found.wanted, (one.body for one in entries))
        number = layout.number_of(furthest)
        self._furthest = -1 if number is None else number
        if layout.number_of(self._chosen) is None:
            self._chosen = None
        if first:
            self._placed = False
        elif end_in_sight and len(entries) > before and entries[-1].mine:
            self.action_last()
            return
        self._settle()

    def _settle(self) -> None:
        """Put the top where its anchor is now, and never beyond the end."""
        layout = self._layout_of
        if not layout.entries or not self._height:
            self._sync()
            return
        layout.set_width(self.size.width - GUTTER - ASIDE)
        if not self._placed:
            self._placed = True
            unread = layout.number_of(layout.unread)
            number = len(layout.entries) - 1 if unread is None else unread
            self._chosen = layout.entries[number].id
            self._put(self._last_top() if unread is None else layout.head(unread))
            self.post_message(self.Moved(self))
            return
        spot = layout.spot(self._anchor)
        self._top = min(spot if spot is not None else Spot(0), self._last_top())
        self._after_move()

    def _put(self, top: Spot) -> None:
        """Scroll so that ``top`` is the first row."""
        self._top = max(min(top, self._last_top()), Spot(0))
        self._anchor = self._layout_of.anchor(self._top)
        self._after_move()

    def _after_move(self) -> None:
        """The choice follows what is in sight; what is seen for the first time is said."""
        window = self._window()
        if not window:
            return
        chosen = self._layout_of.number_of(self._chosen)
        if chosen is None or not window[0].message <= chosen <= window[-1].message:
            heads = (spot.message for spot in window if self._is_head(spot))
            self._choose(next(heads, window[0].message))
        last = window[-1].message
        if last > self._furthest:
            self._furthest = last
            self.post_message(self.Shown(self, self.entries[last].id))
        self._sync()

    def _choose(self, number: int) -> None:
        chosen = self.entries[number].id
        if chosen != self._chosen:
            self._chosen = chosen
            self.post_message(self.Moved(self))

    # --- keys

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll; at either end the choice goes on instead."""
        if not self.entries:
            return
        top = min(self._layout_of.walk(self._top, rows)[0], self._last_top())
        if top == self._top:
            self._step(1 if rows > 0 else -1)
        else:
            self._put(top)

    def _step(self, by: int) -> None:
        number = self.chosen_number - 1 + by
        if 0 <= number < len(self.entries):
            self._choose(number)
            self._sync()

    def action_page(self, pages: int) -> None:
        """Scroll by a page, one row of it staying; at the end the last message is chosen."""
        if not self.entries:
            return
        top = self._layout_of.walk(self._top, pages * max(self._height - 1, 1))[0]
        top = min(top, self._last_top())
        if top == self._top:
            self._choose(len(self.entries) - 1 if pages > 0 else 0)
            self._sync()
        else:
            self._put(top)

    def action_first(self) -> None:
        """To the beginning."""
        if self.entries:
            self._choose(0)
            self._put(Spot(0))

    def action_last(self) -> None:
        """To the end."""
        if self.entries:
            self._choose(len(self.entries) - 1)
            self._put(self._last_top())

    def action_choose(self, by: int) -> None:
        """Choose the message after or before, and bring it into sight."""
        number = max(self.chosen_number - 1, 0) + by
        if 0 <= number < len(self.entries):
            self.go_to(number)

    def action_unread(self) -> None:
        """To the first message that was not read."""
        number = self._layout_of.number_of(self._layout_of.unread)
        if number is not None:
            self.go_to(number)

    def go_to(self, number: int) -> None:
        """Choose a message; where it is not in sight as a whole, its head becomes the first row."""
        layout = self._layout_of
        self._choose(number)
        head = layout.head(number)
        last = Spot(number, len(layout.units(number)) - 1)
        window = self._window()
        if window and window[0] <= head and last <= window[-1]:
            self._sync()
        else:
            self._put(head)

    def action_fold(self) -> None:
        """Unfold the long parts of the chosen message, or fold them again."""
        if self._chosen is not None and self._layout_of.toggle(self._chosen):
            self._strips.clear()
            self._settle()
            self._anchor = self._layout_of.anchor(self._top)

    @property
    def has_folds(self) -> bool:
        """Whether the chosen message has something to unfold, or to fold again."""
        number = self._layout_of.number_of(self._chosen)
        return number is not None and self._layout_of.folds(number)

    # --- search

    @property
    def wanted(self) -> str:
        """What is searched for."""
        return self._found.wanted

    @property
    def found_at(self) -> tuple[int, int]:
        """At which of how many places the search stands; from 1, 0 for none."""
        found = self._found
        return (0 if found.at is None else found.at + 1), len(found.places)

    def search(self, wanted: str) -> int:
        """Look for a text in all messages, folded parts too, from what is in sight on. Gives how many places there
        are."""
        self._found.look(wanted, (one.body for one in self.entries))
        anchor = self._layout_of.anchor(self._top)
        self._go_to_place(self._found.begin(self._top.message, anchor.offset if anchor is not None else 0))
        return len(self._found.places)

    def search_step(self, by: int) -> None:
        """To the next place, or the one before; after the last comes the first."""
        self._go_to_place(self._found.step(by))

    def _go_to_place(self, place: Place | None) -> None:
        self._strips.clear()
        if place is None:
            self._sync()
        else:
            layout = self._layout_of
            if layout.hides(place.message, place.start):
                layout.toggle(self.entries[place.message].id)
            self._choose(place.message)
            spot, window = layout.spot_of(place.message, place.start), self._window()
            if window and window[0] <= spot <= window[-1]:
                self._sync()
            else:
                self._put(layout.walk(spot, -(self._height // 3))[0])
        self.post_message(self.Moved(self))

    # --- size and mouse

    def on_resize(self) -> None:
        """Another size: what was the first row is the first row."""
        self._settle()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._put(self._layout_of.walk(self._top, WHEEL_ROWS)[0])

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._put(self._layout_of.walk(self._top, -WHEEL_ROWS)[0])

    @on(events.Click)
    def choose_clicked(self, event: events.Click) -> None:
        window = self._window()
        if event.y < len(window):
            self._choose(window[event.y].message)
            self._sync()
