"""The demo's tickets, in the languages that clients write in."""

from __future__ import annotations

from billtui.sandbox.seed.ticket_stories import ADA, CLIENT, SAM, Said, Story

_TRACE = b"""HOST: here                         Loss%   Snt   Last   Avg  Best  Wrst
  1.|-- 203.0.113.1                 0.0%   200    0.4   0.5   0.3   2.1
  2.|-- core1.nl.panel.example      0.0%   200    0.9   1.1   0.7   9.8
  3.|-- transit-a.example          14.5%   200   41.2  38.9  12.0 212.4
  4.|-- 198.51.100.77              15.0%   200   43.0  40.1  12.3 220.9
"""

STORIES: tuple[Story, ...] = (
    Story(
        owner=0,
        department="technical",
        subject="Packet loss from @SERVER@ towards Frankfurt since @CLOCK@ UTC",
        order=0,
        priority=1,
        said=(
            Said(
                0.2,
                CLIENT,
                "Since @CLOCK@ UTC about 15 % of the packets from this server to 198.51.100.77 (Frankfurt) are lost;"
                " the way back is clean.\n\nSteps:\n1. log in to the server\n2. run `mtr -rwc 200 198.51.100.77`\n\n"
                "I expected no loss, as yesterday. The loss begins at the third hop. The whole report is attached.\n",
                files=(("mtr-frankfurt.txt", _TRACE),),
            ),
        ),
        access=(0.19, "root@@SERVER@\npassword: rust-Canoe-44-lamp"),
    ),
    Story(
        owner=0,
        department="technical",
        subject="Disk of @SERVER@ is read-only after the reboot",
        order=3,
        priority=0,
        assignee=SAM,
        tags="disk",
        said=(
            Said(
                5.0,
                CLIENT,
                "After a reboot at @CLOCK@ UTC the root file system comes up read-only and the mail queue stands"
                " still.\n\n```\nEXT4-fs error (device vda1): ext4_lookup:1855: inode #262146: comm master: deleted"
                " inode referenced: 262199\nEXT4-fs (vda1): Remounting filesystem read-only\n```\n\nNothing was changed"
                " before"
                " that. Please look before I run fsck by myself: there is mail of 60 people on it.",
            ),
            Said(4.85, SAM, "Taking this one. Host node looks healthy, no I/O errors there.", note=True),
            Said(
                4.8,
                SAM,
                "Thank you for not running fsck yet, that was right. The disk below is healthy; it is the file system"
                " only.\n\nMay we take a snapshot first and then run fsck from the rescue system? It takes about 20"
                " minutes, and the server is down meanwhile. Please give the server access in the field of the ticket"
                " (not in a message).",
            ),
            Said(4.5, CLIENT, "Yes, please go on. Access is in the field now."),
            Said(
                3.9,
                SAM,
                "Snapshot done, fsck done: 3 orphaned inodes were cleared, nothing in /var/spool was touched. The"
                " server"
                " is up and the queue is draining, 214 messages left.",
            ),
            Said(
                1.1,
                CLIENT,
                "The queue is empty, thank you! One thing is left: since then `dovecot` complains about an index of one"
                " mailbox:\n\n> Error: Corrupted index cache file /srv/mail/ines/dovecot.index.cache\n\nIs that from"
                " fsck too, and is it safe to delete the file?",
            ),
        ),
        access=(4.45, "ssh root@@SERVER@, key attached to the host console\npassword: Paper-Orbit-91"),
        read=((4.3, SAM, "fsck from the rescue system, agreed with the client"),),
    ),
    Story(
        owner=0,
        department="finance",
        subject="Which invoice did the card payment of 12 March belong to?",
        order=9,
        invoice=True,
        said=(
            Said(
                30.0,
                CLIENT,
                "Our accountant sees a card payment to you and cannot find its invoice. Could you tell me which one it"
                " paid, and send the VAT number that belongs on it?",
            ),
            Said(
                26.5,
                ADA,
                "Good morning,\n\nthe payment is in the ledger of your balance with the invoice beside it: open"
                " Balance,"
                " then Ledger, and look for the kind *top-up*. The invoice as PDF has our VAT number at its foot.\n\nIs"
                " there anything else that your accountant needs?",
            ),
        ),
        assignee=ADA,
    ),
    Story(
        owner=0,
        department="sales",
        subject="Price for 40 more VDS small in Stockholm",
        said=(
            Said(
                50.0,
                CLIENT,
                "We plan to move a second cluster to you: 40 × VDS small in Stockholm, in the first week of next month,"
                " for at least a year. Is there stock for that in one piece, and can the price be individual?",
            ),
            Said(47.0, ADA, "Asked Nadia from purchasing about se stock, she answers by Thursday.", note=True),
            Said(
                46.5,
                ADA,
                "That many are there, but not in one rack. I have asked for an individual price and come back to you"
                " with it.",
            ),
        ),
        assignee=ADA,
        tags="big-order offer",
        hold=(46.4, 72.0),
    ),
    Story(
        owner=0,
        department="technical",
        subject="Не приходять листи з сервера: порт 25 закрито",
        order=18,
        said=(
            Said(
                20.0,
                CLIENT,
                "Доброго дня!\n\nПісля перевстановлення системи сервер не може надсилати пошту: з'єднання на порт 25"
                " назовні не встановлюється.\n\nЩо роблю:\n1. `nc -vz mx.example.net 25` — timeout\n2. те саме на порт"
                " 587 — працює\n\nДо перевстановлення все працювало. PTR-запис налаштовано.",
            ),
            Said(
                19.6,
                SAM,
                "Вітаю! Порт 25 закривається автоматично після перевстановлення, доки ми не перевіримо, що з сервера не"
                " йде спам. Я відкрив його щойно, перевірте, будь ласка.",
            ),
            Said(19.1, CLIENT, "Працює, дуже дякую за швидку відповідь!"),
            Said(19.0, SAM, "Радий, що допомогло. Закриваю заявку.", close=True),
        ),
        rating=(5, "Швидко і по суті"),
    ),
    Story(
        owner=1,
        department="finance",
        subject="Обещанный платёж: не успеваю до пятницы",
        said=(
            Said(
                2.9,
                CLIENT,
                "Здравствуйте! Я включил обещанный платёж, но банк задерживает перевод: деньги придут в"
                " понедельник.\n\n"
                "Можно ли продлить срок на три дня? Сервер рабочий, на нём магазин, и блокировка будет очень некстати.",
            ),
        ),
        order=1,
    ),
    Story(
        owner=1,
        department="technical",
        subject="Server nach Upgrade auf Debian 13 nicht erreichbar",
        order=3,
        assignee=ADA,
        said=(
            Said(
                9.0,
                CLIENT,
                "Guten Morgen,\n\nnach `apt full-upgrade` auf Debian 13 und einem Neustart ist der Server nicht mehr"
                " erreichbar, weder per SSH noch per Ping. In der Konsole sehe ich nur `Give root password for"
                " maintenance`.\n\nLetzter Befehl davor: `update-grub`. Können Sie nachsehen, ob die Platte eingehängt"
                " wird?",
            ),
            Said(
                8.8,
                ADA,
                "Guten Morgen! In der `/etc/fstab` steht noch `/dev/sda1`, die Platte heißt seit dem Upgrade"
                " `/dev/vda1`."
                " Bitte in der Konsole anmelden und die Zeile auf die UUID ändern:\n\n```\nblkid /dev/vda1\nnano"
                " /etc/fstab\n```\n\nDanach neu starten. Wenn Sie möchten, mache ich das für Sie, dann brauche ich"
                " einen Zugang (im Feld „Server access“).",
            ),
        ),
    ),
    Story(
        owner=2,
        department="abuse",
        subject="Complaint about port scans from 203.0.113.40",
        said=(
            Said(
                96.0,
                ADA,
                "We have received a complaint that your server scans port 22 of other networks. The log is below, times"
                " in UTC:\n\n```\n02:11:04 203.0.113.40:51022 -> 198.51.100.3:22 SYN\n02:11:04 203.0.113.40:51023 ->"
                " 198.51.100.4:22 SYN\n02:11:05 203.0.113.40:51024 -> 198.51.100.5:22 SYN\n```\n\nPlease look into it"
                " within 48 hours and tell us what you found.",
            ),
            Said(
                90.0,
                CLIENT,
                "Thank you. An old test account with a weak password had been broken into. The account is gone,"
                " password"
                " logins are off, the server was reinstalled an hour ago.",
            ),
            Said(89.0, ADA, "Checked flow data of the last hour: quiet.", note=True),
            Said(88.5, ADA, "That is all we need. No more scans are seen; the case is closed.", close=True),
        ),
        assignee=ADA,
        tags="scan",
        order=0,
    ),
    Story(
        owner=1,
        department="technical",
        subject="SSH: Permission denied seit heute Nacht",
        order=4,
        said=(
            Said(
                3.4,
                CLIENT,
                "Hallo,\n\nseit heute Nacht lehnt der Server meinen Schlüssel ab:\n\n```\n$ ssh -v root@example-sg\n"
                "debug1: Offering public key: /home/kofi/.ssh/id_ed25519\nroot@example-sg: Permission denied"
                " (publickey)."
                "\n```\n\nIch habe nichts geändert. Über die Konsole komme ich hinein, `authorized_keys` ist"
                " unverändert.",
            ),
            Said(
                1.9,
                CLIENT,
                "Noch ein Hinweis: `/root` gehört plötzlich einem anderen Benutzer (uid 1001). Kann das von der"
                " Datensicherung kommen?",
            ),
        ),
    ),
    Story(
        owner=0,
        department="finance",
        subject="Рахунок на юридичну особу",
        order=10,
        invoice=True,
        said=(
            Said(
                3.1,
                CLIENT,
                "Добрий день! Чи можна отримати рахунок на ТОВ замість фізичної особи? Реквізити у вкладенні. Термін"
                " оплати"
                " — до кінця тижня, тому прошу не блокувати сервер.",
                files=(("requisites.txt", "ТОВ «Марш Хостинг»\nЄДРПОУ 00000000\n".encode()),),
            ),
        ),
    ),
    Story(
        owner=0,
        department="technical",
        subject="Перенесите, пожалуйста, сервер на другой узел",
        order=8,
        priority=3,
        assignee=SAM,
        said=(
            Said(
                70.0,
                CLIENT,
                "Здравствуйте! По ночам, с 02:00 до 04:00 UTC, `iowait` поднимается до 40 %, хотя у нас в это время"
                " ничего"
                " не происходит. Похоже на соседей по узлу. Можно ли перенести сервер? Простой в 10 минут нас устроит.",
            ),
            Said(
                69.0,
                SAM,
                "Здравствуйте! Да, соседний сервер делает в это время резервную копию. Перенесём вас в ночь на четверг,"
                " в 01:00 UTC; простой около 5 минут. Напишу, когда всё будет готово.",
            ),
        ),
        hold=(68.9, 80.0),
        tags="move",
    ),
    Story(
        owner=0,
        department="technical",
        subject="IPv6 does not answer on app servers",
        order=2,
        said=(
            Said(
                21 * 24.0,
                CLIENT,
                "Both of our app servers lost IPv6 on Sunday; IPv4 works. `ip -6 route` has no default route any more.",
            ),
            Said(
                21 * 24 - 0.2,
                ADA,
                "A router in that location did not announce its prefix after maintenance. It does again; run `rdisc6"
                " eth0` or restart the network, and the route is back.",
            ),
            Said(21 * 24 - 1.0, CLIENT, "It is back. Thanks.", close=True),
        ),
        rating=(4, "Solved, but the maintenance could have been announced."),
        assignee=ADA,
    ),
    Story(
        owner=0,
        department="sales",
        subject="Do you plan locations in South America?",
        said=(
            Said(9 * 24.0, CLIENT, "We would need about ten small servers there next year. Is anything planned?"),
            Said(
                8 * 24.0,
                ADA,
                "Nothing that I could promise. I have noted your interest, and you hear from us when there is a date.",
            ),
        ),
        closed=5 * 24.0,
        assignee=ADA,
    ),
    Story(
        owner=2,
        department="finance",
        subject="Refund of a server that was ordered twice",
        said=(
            Said(
                40.0,
                CLIENT,
                "I clicked twice and have two servers now. The second one was never used. Can its price go back to my"
                " internal balance?",
            ),
            Said(39.0, SAM, "Second one shows 0 bytes of traffic, refund is fine. Needs an admin.", note=True),
            Said(
                38.8,
                SAM,
                "Of course. The second server has not been used, so the whole amount goes back to your internal balance"
                " today.",
            ),
            Said(2.5, CLIENT, "The balance has not changed yet. Did it get stuck somewhere?"),
        ),
        assignee=SAM,
        tags="refund",
    ),
)

HOSTILE: tuple[Story, ...] = (
    Story(
        owner=0,
        department="technical",
        subject="red\x1b[31m subject\x1b[0m \u202etxet neddih\u202c [bold]x[/] [@click=app.quit]y[/]",
        said=(
            Said(
                1.4,
                CLIENT,
                "title \x1b]0;owned\x07 clipboard \x1b]52;c;cm0gLXJmIC8=\x07 link \x1b]8;;https://evil.example\x07here"
                "\x1b]8;;\x07 clear \x1b[2J\x1b[H cursor \x9b31m\r\nover\rwritten \x08\x08 null \x00 bell \x07\n"
                "bidi \u202egnp.exe\u202c isolates \u2066a\u2069 tags \U000e0041\U000e0042 zero\u200bwidth\n"
                "zalgo a" + "\u0301" * 60 + "\nmarkup [/] [bold red]not bold[/] [@click=app.quit]press[/] $x {client}\n"
                "\x1bP+q544e\x1b\\ \x1b_payload\x1b\\ \x1b[200~pasted\x1b[201~\n" + "y" * 9_000,
                files=(("../../.ssh/authorized_keys\x1b[31m.txt", b"\x1b[2Jnothing\n"), ("con.\u202egpj.exe", b"MZ")),
            ),
        ),
    ),
)
"""Threads that no good panel lets through; only sown when asked for."""
