"""Services over all item types, as orders: lists, one, power, names, auto-renewal (wire: BILLmanager 10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.figures import (
    amount_of,
    currency_of,
    instant,
    length_of,
    rounded,
)
from billtui.client.drivers.billmanager.lists import Place, Wanted
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY, PaymentCalls
from billtui.client.drivers.billmanager.shapes import (
    Doc,
    attribute,
    first_of,
    is_on,
    needed,
    objects,
    options,
    original,
    plain,
    unwrap,
    walk,
)
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import InvalidInput, NotFound, Refused, RuleRefused, SessionExpired
from billtui.client.exchange import Conversation, Steps
from billtui.client.settings import Write
from billtui.domain.models import Action, AutoRenew, Order, OrderState, Page
from billtui.domain.money import Money
from billtui.domain.periods import never_ends
from billtui.domain.safetext import SafeText

USUAL_TYPE: Final = "vds"
_POWER: Final[Mapping[str, str]] = {
    "start": "service.start",
    "stop": "service.stop",
    "reboot": "service.reboot",
    "reset": "service.hardreboot",
}
_ELSEWHERE: Final[Mapping[str, str]] = {
    "suspend": "BILLmanager lets its staff alone suspend.",
    "unsuspend": "BILLmanager lets its staff alone unsuspend.",
    "reinstall": "Reinstall it on the panel's own pages.",
    "transfer": "BILLmanager hands no service to another client; its staff does.",
    "addons": "Change its parts on the panel's own pages.",
    "change-plan": "Change its tariff on the panel's own pages.",
}
_BLOCKED: Final = frozenset({"3_employeesuspend", "3_abusesuspend"})
_WORKING: Final[Mapping[str, str]] = {
    "5_open": OrderState.PENDING.value,
    "5_reopen": OrderState.PENDING.value,
    "5_close": "being deleted",
    "5_suspend": OrderState.SUSPENDED.value,
    "5_resume": OrderState.ACTIVE.value,
    "5_prolong": OrderState.ACTIVE.value,
    "5_reboot": OrderState.ACTIVE.value,
    "5_hardreboot": OrderState.ACTIVE.value,
    "5_transfer": OrderState.ACTIVE.value,
    "5_need_configure": OrderState.ACTIVE.value,
}
_PLAIN: Final = ("ordered", "active", "заказан", "активен")
"""What a service's state is called where there is nothing more to say."""
_DETAIL_POWER: Final[Mapping[str, str]] = {
    "2_start": "starting",
    "2_stop": "stopped",
    "2_reboot": "rebooting",
    "2_hardreboot": "rebooting",
}


def split_id(order_id: str) -> tuple[str, str]:
    """Item type and the panel's id. Raises ``NotFound`` for what is no id of an order here."""
    text = str(getattr(order_id, "raw", order_id))
    kind, sign, key = text.rpartition(":")
    if not sign or not kind or not key or len(text) > 200:
        raise NotFound(f"There is no order {SafeText(text)} on this panel.", "Refresh the list.")
    return kind, key


class ServiceCalls(PaymentCalls):
    """The calls about services."""

    # -- reading

    def list_orders(self, query: Query) -> Conversation[Page[Order]]:
        """Each list of services that the menu names, one after the other; ids are ``type:id``."""

        def begin() -> Steps[Page[Order]]:
            wanted = Wanted.of(query, ("state", "kind"))
            yield from self.known_user()
            if self.memory.staff:
                return Page[Order](items=[], total=0)
            currency = yield from self.known_currency()
            place = Place.of(wanted.cursor)
            kinds = yield from self.item_types(afresh=wanted.cursor is None and not wanted.ids)
            if wanted.ids:
                found = yield from self.orders_now(wanted.ids)
                return Page[Order](items=_only(list(found.values()), wanted), total=len(found))
            if place.part >= len(kinds):
                return Page[Order](items=[])
            kind = kinds[place.part]
            items: list[Order] = []
            following: Place | None = None
            total: int | None = None
            try:
                if place.page == 1:
                    yield from self.cleared(kind)
                rows = yield from self.rows_at(kind, place, wanted.limit)
                rights = _buttons(rows.doc)
                items = [self.order_of(kind, row, currency, rights) for row in rows.rows]
                following, total = rows.following, rows.total
            except SessionExpired:
                raise
            except Refused:
                if len(kinds) == 1:
                    raise
            if following is None and place.part + 1 < len(kinds):
                following = Place(part=place.part + 1)
            cursor = following.text() if following is not None else None
            return Page[Order](items=_only(items, wanted), next_cursor=cursor, total=total if len(kinds) == 1 else None)

        return reading(begin, "orders")

    def item_types(self, *, afresh: bool = False) -> Steps[tuple[str, ...]]:
        """The lists of services: the option's, else those of the menu, else the usual one."""
        if self.chosen.item_types:
            return self.chosen.item_types
        if not self.memory.item_types or afresh:
            try:
                menu = yield from self.fetch("menu", (("sok", "ok"),))
            except SessionExpired:
                raise
            except Refused:
                menu = {}
            self.memory.item_types = _types_in(menu) or (USUAL_TYPE,)
        return self.memory.item_types

    def orders_now(self, ids: tuple[str, ...] | list[str]) -> Steps[dict[str, Order]]:
        """Several orders as they are now, by id; those that are not there are left out."""
        currency = yield from self.known_currency()
        by_kind: dict[str, list[str]] = {}
        for one in ids:
            kind, key = split_id(one)
            by_kind.setdefault(kind, []).append(key)
        found: dict[str, Order] = {}
        for kind, keys in by_kind.items():
            if len(keys) <= 2:
                rows = {}
                for key in keys:
                    row = yield from self.one_row(kind, key)
                    if row is not None:
                        rows[key] = row
            else:
                rows = yield from self.some_rows(kind, keys)
            for row in rows.values():
                order = self.order_of(kind, row, currency, None)
                found[order.id.raw] = order
        return {one: found[one] for one in ids if one in found}

    def get_order(self, order_id: str) -> Conversation[Order]:
        """The row of its list with this id."""
        return reading(lambda: self.order_now(order_id), "orders")

    def order_now(self, order_id: str) -> Steps[Order]:
        """The order as it is now. Raises ``NotFound``."""
        kind, key = split_id(order_id)
        currency = yield from self.known_currency()
        row = yield from self.one_row(kind, key)
        if row is None:
            raise NotFound(f"There is no order {SafeText(order_id)}.", "Refresh the list.")
        return self.order_of(kind, row, currency, None, whole=True)

    def order_of(
        self, kind: str, row: Doc, currency: str, rights: frozenset[str] | None, *, whole: bool = False
    ) -> Order:
        """A row of a list of services as an order; ``rights`` are the buttons of its list, where it has a toolbar."""
        state, detail = self._state(row)
        price = self._monthly(row, currency)
        end = instant(unwrap(row.get("real_expiredate")), self.chosen.offset) or instant(
            unwrap(row.get("expiredate")), self.chosen.offset
        )
        addresses = plain(unwrap(row.get("ip"))).replace(",", " ").split()
        key = needed(row, "id")
        power = _DETAIL_POWER.get(detail) or _own_words(row, state)
        return Order(
            id=SafeText(f"{kind}:{key}"),
            name=SafeText(plain(first_of(row, "server_name", "domain", "name", "ip")) or key),
            kind=SafeText(kind.partition(".")[0]),
            plan=SafeText(plain(first_of(row, "pricelist", "intname"))),
            location=SafeText(plain(first_of(row, "datacentername", "datacenter"))),
            address=SafeText(addresses[0]) if addresses else None,
            state=OrderState(state) if state in frozenset(OrderState) else SafeText(state),
            power=SafeText(power) if power else None,
            created_at=instant(first_of(row, "createdate", "opendate"), self.chosen.offset) or UNKNOWN_DAY,
            paid_until=None if state == OrderState.PENDING else end,
            monthly_price=price,
            auto_renew=_auto_renew(row),
            billing_day=end.day if end is not None else 1,
            actions=_actions(end, rights, whole=whole),
        )  # fmt: skip

    def _state(self, row: Doc) -> tuple[str, str]:
        """The state, and the panel's code with its detail."""
        node = row.get("item_status")
        detail = attribute(node, "orig") or original(row.get("status")) or original(row.get("item_real_status"))
        if not detail[:1].isdigit():
            detail = unwrap(row.get("status")) or detail
        code = detail.partition("_")[0]
        if code == "5" and "5" not in self.chosen.order_states:
            word = _WORKING.get(detail) or (plain(unwrap(node)).lower() or "in progress")
        elif detail in _BLOCKED and self.chosen.order_states.get("3") == OrderState.SUSPENDED.value:
            word = OrderState.BLOCKED.value
        else:
            word = self.chosen.order_states.get(code) or plain(unwrap(node)).lower() or "unknown"
        return word, detail

    def _monthly(self, row: Doc, currency: str) -> Money:
        """What it costs a month, for people: ``item_cost`` is of the whole period that stands in ``cost``."""
        shown, exact = unwrap(row.get("cost")), unwrap(row.get("item_cost"))
        own = currency_of(unwrap(row.get("currency_str"))) or currency_of(shown) or currency
        if not shown and not exact:
            return Money.zero(own)
        amount = amount_of(exact or shown)
        length = length_of(shown) if "/" in shown else None
        if is_on(row.get("billdaily")) and length is None:
            length = length_of("-50")
        return rounded(length.monthly(amount) if length is not None else amount, own)

    # -- changing

    def rename_order(self, order_id: str, name: str, write: Write) -> Conversation[Order]:
        """``<type>.edit`` with ``server_name``."""
        return self._edited(order_id, (("server_name", name),), "orders.rename")

    def set_auto_renew(self, order_id: str, auto_renew: AutoRenew, write: Write) -> Conversation[Order]:
        """``<type>.edit`` with ``autoprolong``: the months, or ``null``."""
        wanted = str(auto_renew.months) if auto_renew.on else "null"

        def begin() -> Steps[Order]:
            kind, key = split_id(order_id)
            form = yield from self.fetch(f"{kind}.edit", (("elid", key),))
            offered = [one for one, _ in options(form, "autoprolong")]
            if auto_renew.on and offered and wanted not in offered:
                periods = ", ".join(one for one in offered if one.isdigit()) or "none"
                raise InvalidInput(f"It cannot renew itself for {wanted} months. The panel offers: {periods}.")
            return (yield from ask_edit(self, kind, key, (("autoprolong", wanted),), order_id))

        return writing(begin, "orders.auto-renew")

    def _edited(self, order_id: str, fields: Query, need: str) -> Conversation[Order]:
        def begin() -> Steps[Order]:
            kind, key = split_id(order_id)
            return (yield from ask_edit(self, kind, key, fields, order_id))

        return writing(begin, need)

    def act_on_order(self, order_id: str, action: str, write: Write, confirm_name: str | None) -> Conversation[Order]:
        """``service.start``, ``.stop``, ``.reboot``, ``.hardreboot``."""

        def begin() -> Steps[Order]:
            if action not in _POWER:
                raise RuleRefused(_ELSEWHERE.get(action, f"This panel cannot {action} from here."), code="not-here")
            _, key = split_id(order_id)
            done = yield from self.send(_POWER[action], (("elid", key), ("sok", "ok")))
            if "ok" not in done:
                raise UnreadableAnswer("it does not say that it was done")
            return (yield from self.order_now(order_id))

        return writing(begin, "orders.power")


def ask_edit(calls: ServiceCalls, kind: str, key: str, fields: Query, order_id: str) -> Steps[Order]:
    """Send an edit form with what changes, and read the order afterwards."""
    done = yield from calls.send(f"{kind}.edit", (("elid", key), *fields, ("sok", "ok")))
    if "ok" not in done:
        raise UnreadableAnswer("it does not say that it was changed")
    order = yield from calls.order_now(order_id)
    return order


def _own_words(row: Doc, state: str) -> str:
    """The panel's own text beside the state that it was mapped to, where it says more than that."""
    words = plain(unwrap(row.get("item_status")))
    telling = words.lower() not in ("", state, *_PLAIN) and not words[:1].isdigit()
    return words if telling else ""


def _types_in(menu: Doc) -> tuple[str, ...]:
    """The lists below ``mainmenuservice``."""
    found: list[str] = []
    for node in walk(menu):
        if attribute(node, "name") != "mainmenuservice":
            continue
        for child in objects(node.get("node")):
            action = attribute(child, "action") or attribute(child, "name")
            kind = attribute(child, "type")
            if action and kind in ("list", "") and ":" not in action and len(action) <= 60 and action not in found:
                found.append(action)
    return tuple(found)


def _buttons(doc: Doc) -> frozenset[str] | None:
    """What the list's toolbar lets this user do; ``None`` where it has none."""
    metadata = doc.get("metadata")
    toolbar = metadata.get("toolbar") if isinstance(metadata, dict) else None
    if not isinstance(toolbar, dict):
        return None
    groups = objects(toolbar.get("toolgrp"))
    return frozenset(attribute(button, "name") for group in groups for button in objects(group.get("toolbtn")))


def _auto_renew(row: Doc) -> AutoRenew:
    """By the next period's months, or the words that stand for them."""
    node = row.get("autoprolong")
    text = original(node)
    length = length_of(text) or length_of(unwrap(node))
    if length is not None and length.months:
        return AutoRenew(on=True, months=length.months)
    return AutoRenew(on=text.lower() == "on")


def _actions(end: datetime | None, rights: frozenset[str] | None, *, whole: bool) -> list[Action]:
    """What cannot be done and why; of one order also what can."""
    refused = {name: _no(name, "not-here", words) for name, words in _ELSEWHERE.items()}
    if never_ends(end):
        refused["renew"] = _no("renew", "not-renewable", ENDLESS)
    if rights:
        if "prolong" not in rights:
            refused["renew"] = _no("renew", "forbidden", "The panel does not let this user renew it.")
        if "edit" not in rights:
            for name in ("rename", "auto-renew"):
                refused[name] = _no(name, "forbidden", "The panel does not let this user change it.")
        for name in ("reboot", "start", "stop"):
            if name not in rights and "reboot" not in rights:
                refused[name] = _no(name, "forbidden", "The panel does not offer that for it.")
    if not whole:
        return list(refused.values())
    allowed = ("start", "stop", "reboot", "reset", "rename", "auto-renew", "renew")
    return [*(Action(action=SafeText(one), allowed=True) for one in allowed if one not in refused), *refused.values()]


def _no(action: str, code: str, reason: str) -> Action:
    return Action(action=SafeText(action), code=SafeText(code), reason=SafeText(reason))


def _only(items: list[Order], wanted: Wanted) -> list[Order]:
    states, kinds = wanted.others.get("state"), wanted.others.get("kind")
    return [
        one
        for one in items
        if (states is None or str(one.state) in states) and (kinds is None or str(one.kind) in kinds)
    ]
