"""What the panel says in other languages: only labels; a client must never decide by them (wire: 2.2)."""

from __future__ import annotations

from decimal import Decimal

from billtui.sandbox.engine.wire import EPOCH, instant_of

_RUSSIAN = {
    "Ordered": "Заказан",
    "Active": "Активен",
    "Stopped": "Остановлен",
    "Suspended": "Остановлен",
    "Suspended automatically": "Остановлен автоматически",
    "Suspended by Administrator": "Остановлен администратором",
    "Deleted": "Удалён",
    "New": "Новый",
    "Payment in progress": "Оплачивается",
    "Reserved payment": "Обещанный",
    "Paid": "Оплачен",
    "Refunded": "Возвращён",
    "Canceled": "Отменён",
    "Month": "Месяц",
    "months": "мес.",
    "Do not renew": "Не продлевать",
    "In progress": "В работе",
    "New replies": "Новые ответы",
    "Waiting to reply": "Ожидает ответа",
    "In archive": "В архиве",
    "Select": "Выберите",
    "Account balance": "Лицевой счёт",
    "Card": "Карта",
    "Crypto": "Криптовалюта",
    "-- none --": "-- не выбрано --",
    "January": "января",
    "February": "февраля",
    "March": "марта",
    "April": "апреля",
    "May": "мая",
    "June": "июня",
    "July": "июля",
    "August": "августа",
    "September": "сентября",
    "October": "октября",
    "November": "ноября",
    "December": "декабря",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_THOUSANDS = "\N{NO-BREAK SPACE}"


def said(text: str, lang: str) -> str:
    """A word of the panel in a language that it speaks; otherwise in English."""
    return _RUSSIAN.get(text, text) if lang == "ru" else text


def amount(cents: int) -> str:
    """``1 234.50``, thousands apart by a no-break space (wire: 3.4)."""
    return f"{Decimal(cents).scaleb(-2):,.2f}".replace(",", _THOUSANDS)


def money(cents: int, currency: str) -> str:
    """Money for people: ``4.90 EUR``."""
    return f"{amount(cents)} {currency}"


def plain(cents: int, places: int = 2) -> str:
    """Money for programs: ``4.90``, or ``4.9000``."""
    return f"{Decimal(cents).scaleb(-2):.{places}f}"


def day(micros: int | None) -> str:
    """``YYYY-MM-DD``; nothing for no instant."""
    return "" if micros is None else instant_of(micros).strftime("%Y-%m-%d")


def moment(micros: int | None) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in the user's time, which is UTC here."""
    return "" if micros is None else instant_of(micros).strftime("%Y-%m-%d %H:%M:%S")


def long_day(micros: int, lang: str) -> str:
    """``2 February 2026``."""
    at = instant_of(micros)
    return f"{at.day} {said(_MONTHS[at.month - 1], lang)} {at.year}"


def period(months: int, lang: str) -> str:
    """``Month``, ``3 months``."""
    return said("Month", lang) if months == 1 else f"{months} {said('months', lang)}"


def start_of_day(text: str) -> int | None:
    """The first microsecond of a day ``YYYY-MM-DD``; ``None`` for what is none."""
    from datetime import UTC, datetime

    try:
        found = datetime.strptime(text.strip()[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int((found - EPOCH).total_seconds()) * 1_000_000
