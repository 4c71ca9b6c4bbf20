"""Which event is told by which channel; what is switched here is sent once it is saved and confirmed (ACC-8)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.domain.models import NotificationRule
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.modals.checklist import ChecklistDialog
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.services import planner
from billtui.services.executor import JobEvent
from billtui.widgets.formats import count_text
from billtui.widgets.record_table import Column, Toned

CHANNELS = {"email": "E-mail", "telegram": "Telegram"}
"""Channels as people write them; another one stands as the panel names it."""


def channel_title(channel: str) -> str:
    """``E-mail``."""
    return CHANNELS.get(channel, channel)


def event_title(rule: NotificationRule) -> str:
    """What is told, in the panel's words."""
    return str(rule.title or rule.event)


def why_fixed(rule: NotificationRule, channel: str) -> str:
    """Why a setting cannot be switched."""
    return f"“{event_title(rule)}” is always told by {channel_title(channel)}: it cannot be turned off (ACC-8)."


class NotificationsScreen(ListScreen[NotificationRule]):
    """The matrix: an event a row, a channel a column."""

    AREA = "Account"
    SCOPES = (Scope.NOTIFICATIONS, Scope.LIST)
    LIST_NAME = "notifications"
    NOUN = "event"
    VIEWS = (View("all", "All events", lambda row, now: True),)
    EMPTY = "This panel names no notification."

    def __init__(self) -> None:
        """Nothing is switched yet."""
        super().__init__()
        self.switched: dict[tuple[str, str], bool] = {}
        """Event and channel → what it shall be."""

    def columns(self) -> Sequence[Column[NotificationRule]]:
        """The event and each channel that the panel has."""
        account = self.session.account
        rules = account.notifications if account is not None else []
        channels = list(dict.fromkeys(channel.raw for rule in rules for channel in rule.channels)) or list(CHANNELS)
        title: Column[NotificationRule] = Column(
            key="event", title="Event", cell=event_title, min_width=24, flex=3, priority=10,
            sort_key=event_title, search=event_title,
        )  # fmt: skip
        return [title, *map(self._column, channels)]

    def _column(self, channel: str) -> Column[NotificationRule]:
        return Column(
            key=f"by-{channel}",
            title=channel_title(channel),
            cell=lambda rule: self._cell(rule, channel),
            width=16,
            priority=9,
        )

    def _cell(self, rule: NotificationRule, channel: str) -> Toned | str:
        if channel not in _channels(rule):
            return "–"
        on = self.is_on(rule, channel)
        if channel in _fixed(rule):
            return Toned("[x] always", "dim")
        words = "[x] on" if on else "[ ] off"
        return Toned(f"{words}, unsaved", "accent") if (rule.event.raw, channel) in self.switched else words

    def is_on(self, rule: NotificationRule, channel: str) -> bool:
        """As it is, or as it was switched here."""
        return self.switched.get((rule.event.raw, channel), _channels(rule).get(channel, False))

    def row_id(self, row: NotificationRule) -> str:
        """The event's name on the wire."""
        return str(row.event)

    def load_rows(self) -> Sequence[NotificationRule]:
        """The account's matrix; what was switched and holds by now is not unsaved any more."""
        account = self.session.account
        rules = account.notifications if account is not None else []
        there = {(rule.event.raw, channel): on for rule in rules for channel, on in _channels(rule).items()}
        self.switched = {key: on for key, on in self.switched.items() if key in there and there[key] != on}
        return rules

    def reload(self) -> None:
        """Cells change with what is switched, though the rows are the same."""
        super().reload()
        self.table.refresh_cells()

    def mark_refusal(self, row: NotificationRule) -> str | None:
        """Marks mean nothing here."""
        return "Switch each with e or t; w saves them all."

    def commands_here(self) -> list[Command]:
        """Those of every list, without marks."""
        return [one for one in super().commands_here() if "mark" not in one.id]

    def summary(self, rows: Sequence[NotificationRule], marked: Sequence[NotificationRule]) -> Content:
        """What waits to be saved."""
        if not self.switched:
            return Content.styled(" e and t switch e-mail and Telegram; nothing is sent before w.", "$muted")
        words = f" {count_text(len(self.switched), 'setting')} switched and not saved: w saves, X puts back."
        return Content.styled(words, "bold $text-warning")

    def detail(self, row: NotificationRule) -> Content:
        """One event beside the list."""
        lines = [Content.styled(event_title(row), "bold"), Content("")]
        for channel, on in _channels(row).items():
            lines.append(Content.assemble((f"{channel_title(channel):<12}", "$muted"), _word(self.is_on(row, channel))))
            if channel in _fixed(row):
                lines.append(Content.styled(f"  {why_fixed(row, channel)}", "$muted"))
            elif self.is_on(row, channel) != on:
                lines.append(Content.styled(f"  is {_word(on)} until it is saved", "$text-warning"))
        return Content("\n").join(lines)

    def begin_anew(self) -> None:
        """What was switched was another account's."""
        super().begin_anew()
        self.switched.clear()

    def refusal_of(self, command: Command) -> str | None:
        """Nothing switched, nothing to save."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.id in ("notification.save", "notification.reset") and not self.switched:
            return "Nothing was switched: e and t switch the event under the cursor."
        return None

    # --- switching

    def switch(self, channel: str) -> None:
        """Switch the event under the cursor, or say why not."""
        rule = self.table.cursor_row
        if rule is None:
            return
        if channel not in _channels(rule):
            self.billtui.say(f"This event is not told by {channel_title(channel)}.", "warning")
        elif channel in _fixed(rule):
            self.billtui.say(why_fixed(rule, channel), "warning")
        else:
            self._set(rule, channel, not self.is_on(rule, channel))
            self._show_switched()

    def _set(self, rule: NotificationRule, channel: str, on: bool) -> None:
        key = (rule.event.raw, channel)
        if _channels(rule)[channel] == on:
            self.switched.pop(key, None)
        else:
            self.switched[key] = on

    def _show_switched(self) -> None:
        self.table.refresh_cells()
        self._show_summary()
        self._show_detail()
        self.refresh_keys()

    @handles("notification.switch_email")
    def switch_email(self) -> None:
        """E-mail."""
        self.switch("email")

    @handles("notification.switch_telegram")
    def switch_telegram(self) -> None:
        """Telegram."""
        self.switch("telegram")

    @handles("notification.reset")
    def put_back(self) -> None:
        """Forget what was switched."""
        self.switched.clear()
        self._show_switched()

    def open_row(self, row_id: str) -> None:
        """Every channel of one event, whatever the panel calls them."""
        rule = self.table.row_of(row_id)
        if rule is not None:
            self.guarded(self._choose(rule))

    async def _choose(self, rule: NotificationRule) -> None:
        choices = [
            Choice(channel, channel_title(channel), refusal="always on (ACC-8)" if channel in _fixed(rule) else "")
            for channel in _channels(rule)
        ]
        on = [channel for channel in _channels(rule) if self.is_on(rule, channel)]
        chosen = await self.app.push_screen_wait(
            ChecklistDialog(event_title(rule), choices, on, note="Told by which channels?", button="Switch")
        )
        if chosen is not None:
            for channel in _channels(rule):
                if channel not in _fixed(rule):
                    self._set(rule, channel, channel in chosen)
            self._show_switched()

    # --- saving

    def wanted(self) -> dict[str, dict[str, bool]]:
        """What was switched, by event."""
        found: dict[str, dict[str, bool]] = {}
        for (event, channel), on in self.switched.items():
            found.setdefault(event, {})[channel] = on
        return found

    @handles("notification.save")
    async def save(self) -> None:
        """One plan for all of it; what was switched stays so until the panel has it."""
        app = self.billtui
        account = signed_in_account(app)
        plan = planner.notifications(account, self.wanted(), busy=busy_targets(app), profile=app.profile.name)
        await confirm_and_submit(app, plan, button="Save")

    def job_moved(self, event: JobEvent) -> None:
        """The panel has it: draw what holds now."""
        if event.done:
            self.reload_if_changed(force=True)

    @handles("app.back")
    def go_back(self) -> None:
        """What is not saved is asked for first."""
        if self.switched and not self.has_class("filtering"):
            self.guarded(self._leave())
        else:
            super().go_back()

    async def _leave(self) -> None:
        count = count_text(len(self.switched), "setting")
        answer = await self.app.push_screen_wait(
            ChoiceDialog(
                "Not saved yet",
                [
                    Choice("stay", "Stay here", f"{count} switched; w saves"),
                    Choice("forget", "Forget them", "Nothing is sent"),
                ],
                chosen="stay",
            )
        )
        if answer == "forget":
            self.switched.clear()
            super().go_back()


def _channels(rule: NotificationRule) -> dict[str, bool]:
    return {channel.raw: on for channel, on in rule.channels.items()}


def _fixed(rule: NotificationRule) -> set[str]:
    return {channel.raw for channel in rule.fixed}


def _word(on: bool) -> str:
    return "on" if on else "off"
