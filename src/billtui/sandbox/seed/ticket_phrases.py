"""What the many tickets of a large panel are about, in the languages that clients write in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A question that is asked again and again: the subject, how it is told, and how it goes on.

    ``{n}`` is a number, ``{ip}`` an address, ``{hour}`` an hour of the day.
    """

    department: str
    subject: str
    question: str
    answers: tuple[str, ...]
    replies: tuple[str, ...]


TOPICS: tuple[Topic, ...] = (
    Topic(
        "technical",
        "No ping to {ip} since {hour}:10 UTC",
        "Since {hour}:10 UTC the server does not answer to ping any more, the console shows a login prompt.\n\n1."
        " ping {ip}\n"
        "2. 100 % loss\n\nNothing was changed on it since yesterday.",
        (
            "The port of the node was down for {n} seconds. It is up again; please look whether everything answers.",
            "Your firewall drops ICMP: `nft list ruleset` shows a rule that was added last night.",
        ),
        ("It answers again, thank you.", "Still {n} % loss, measured from two places."),
    ),
    Topic(
        "technical",
        "Backup of last night is missing",
        "The list of backups ends {n} days ago. The disk has {n} GB free, and nothing was switched off.\n\nWhere can"
        " I see why"
        " it was not made?",
        (
            "The job hung behind a snapshot of the node. It has been started by hand and is at {n} %.",
            "Tonight's backup is there. We have added an alarm for jobs that do not end.",
        ),
        ("I see it now. Does an older one exist?", "Good, thanks."),
    ),
    Topic(
        "technical",
        "Не открывается консоль сервера {ip}",
        "При открытии консоли чёрный экран, в двух браузерах. По SSH сервер доступен.\n\nШаги: панель → сервер →"
        " консоль."
        " Ожидаю приглашение к вводу, вижу пустой экран с {hour}:00 UTC.",
        (
            "Консоль перезапущена. Проверьте, пожалуйста, ещё раз.",
            "В системе отключён вывод на tty1. Добавьте `console=tty0` в параметры ядра.",
        ),
        ("Работает, спасибо.", "Экран всё ещё чёрный."),
    ),
    Topic(
        "technical",
        "Сервер не завантажується після оновлення ядра",
        "Після `apt upgrade` і перезавантаження о {hour}:00 UTC сервер зупиняється на `Loading initial"
        " ramdisk`.\n\nПопереднє"
        " ядро завантажується. Що перевірити?",
        (
            "Бракує місця в `/boot`: initramfs записано не повністю. Видаліть старі ядра і виконайте"
            " `update-initramfs -u`.",
            "Ми завантажили попереднє ядро, сервер працює.",
        ),
        ("Дякую, допомогло!", "Місця достатньо, вільно {n} МБ."),
    ),
    Topic(
        "technical",
        "Hohe Last auf {ip} ohne erkennbaren Grund",
        "Seit {hour}:00 UTC liegt die Last bei {n}, obwohl `top` nur zwei Prozesse zeigt. `iowait` ist"
        " niedrig.\n\nKönnen Sie"
        " auf dem Knoten nachsehen, ob etwas anderes läuft?",
        (
            "Auf dem Knoten ist alles ruhig. `ps -eLf` zeigt viele Threads eines Prozesses im Zustand D: das"
            " NFS-Laufwerk"
            " antwortet nicht.",
            "Wir haben den Server auf einen anderen Knoten verschoben.",
        ),
        ("Es war das NFS-Laufwerk. Danke!", "Die Last ist unverändert bei {n}."),
    ),
    Topic(
        "finance",
        "Invoice paid twice",
        "I paid the invoice by card, saw an error, and paid again. Now {n}.00 EUR left the card twice.",
        (
            "The second payment has been put on your internal balance; it pays your next renewal by itself.",
            "The provider has not confirmed the second payment yet. It is returned to the card within {n} days.",
        ),
        ("I see it in the balance, thank you.", "Please send it back to the card instead."),
    ),
    Topic(
        "finance",
        "Нужен закрывающий документ за прошлый месяц",
        "Здравствуйте! Бухгалтерии нужен акт за прошлый месяц, сумма {n}.40 EUR. Где его взять?",
        ("Акт появляется рядом с оплаченным счётом: «Документ», формат PDF.", "Документ отправлен на вашу почту."),
        ("Нашёл, спасибо.", "В PDF не указан номер договора."),
    ),
    Topic(
        "finance",
        "Rechnung auf andere Anschrift",
        "Unsere Firma ist umgezogen. Bitte stellen Sie die Rechnungen ab sofort auf die neue Anschrift aus.",
        ("Die Anschrift ist geändert, sie gilt ab der nächsten Rechnung.",),
        ("Vielen Dank.", "Geht das auch für die Rechnung Nr. {n}?"),
    ),
    Topic(
        "sales",
        "Difference between two plans",
        "What exactly do I get with the larger plan, and can I go back after {n} months?",
        (
            "Twice the memory and twice the disk. You can change plans at any time; a smaller disk needs a"
            " reinstallation.",
            "The price of the rest of the period is credited when you change.",
        ),
        ("Then I take the larger one.", "And the bandwidth?"),
    ),
    Topic(
        "sales",
        "Чи є знижка на {n} серверів?",
        "Плануємо замовити {n} серверів на рік. Чи можлива індивідуальна ціна?",
        ("Так, від 10 серверів діє знижка, вона видна в кошику ще до оплати.",),
        ("Дякую, бачу.", "А якщо сервери в різних локаціях?"),
    ),
    Topic(
        "abuse",
        "Spam from {ip}",
        "We have received complaints about mail from {ip}: {n} messages between {hour}:00 and {hour}:20 UTC. Please"
        " look into"
        " it within 24 hours.",
        ("No more complaints have come since. Thank you for the quick reaction.",),
        ("A form on the site was misused, it is closed now.", "The account of the sender was removed."),
    ),
)
