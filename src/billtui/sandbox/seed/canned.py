"""The canned replies that a panel begins with: per department, in English, Russian and Ukrainian (TKT-8)."""

from __future__ import annotations

from billtui.sandbox.engine import canned
from billtui.sandbox.engine.unit import Tx

REPLIES: tuple[tuple[str | None, str, str, str], ...] = (
    (None, "en", "We are looking into it",
     "Hello {client},\n\nthank you for writing. We are looking into it and will answer in this ticket "
     "({ticket}) as soon as we know more.\n\n{me}"),
    (None, "ru", "Приняли в работу",
     "Здравствуйте, {client}!\n\nСпасибо за обращение. Мы проверяем и ответим в этом тикете ({ticket}), как "
     "только будет что сообщить.\n\n{me}"),
    (None, "uk", "Взяли в роботу",
     "Вітаємо, {client}!\n\nДякуємо за звернення. Ми перевіряємо й відповімо в цьому тікеті ({ticket}), щойно "
     "матимемо що повідомити.\n\n{me}"),
    (None, "en", "One problem per ticket",
     "Hello {client},\n\nthis ticket is about “{subject}”. Please open a ticket of its own for the other "
     "question: it then reaches the right colleagues and is not forgotten.\n\n{me}"),
    (None, "ru", "Один вопрос — один тикет",
     "Здравствуйте, {client}!\n\nЭтот тикет о «{subject}». Для второго вопроса откройте, пожалуйста, "
     "отдельный тикет: так он попадёт к нужным коллегам и не потеряется.\n\n{me}"),
    (None, "uk", "Одне питання — один тікет",
     "Вітаємо, {client}!\n\nЦей тікет про «{subject}». Для другого питання відкрийте, будь ласка, окремий "
     "тікет: так воно потрапить до потрібних колег і не загубиться.\n\n{me}"),
    ("technical", "en", "Access to the server is needed",
     "Hello {client},\n\nto look inside {order} ({address}) we need its root password. Please give it in the "
     "field “server access” of this ticket, not in a message: it is stored encrypted, every reading is "
     "logged, and it is wiped when the ticket closes. Please change the password afterwards.\n\n{me}"),
    ("technical", "ru", "Нужен доступ к серверу",
     "Здравствуйте, {client}!\n\nЧтобы проверить {order} ({address}) изнутри, нам нужен пароль root. Укажите "
     "его в поле «доступ к серверу» этого тикета, а не в сообщении: там он хранится зашифрованным, каждое "
     "чтение записывается, а при закрытии тикета он стирается. После этого смените, пожалуйста, "
     "пароль.\n\n{me}"),
    ("technical", "uk", "Потрібен доступ до сервера",
     "Вітаємо, {client}!\n\nЩоб перевірити {order} ({address}) зсередини, нам потрібен пароль root. Вкажіть "
     "його в полі «доступ до сервера» цього тікета, а не в повідомленні: там він зберігається зашифрованим, "
     "кожне читання записується, а при закритті тікета він стирається. Після цього змініть, будь ласка, "
     "пароль.\n\n{me}"),
    ("technical", "en", "The server answers again",
     "Hello {client},\n\n{order} in {location} answers again at {address}. What was wrong: {cause}.\n\nPlease "
     "check from your side and close the ticket, or write to us if something is still not right.\n\n{me}"),
    ("technical", "ru", "Сервер снова отвечает",
     "Здравствуйте, {client}!\n\n{order} ({location}) снова отвечает по адресу {address}. Причина: "
     "{причина}.\n\nПроверьте, пожалуйста, со своей стороны и закройте тикет или напишите, если что-то ещё не "
     "так.\n\n{me}"),
    ("technical", "uk", "Сервер знову відповідає",
     "Вітаємо, {client}!\n\n{order} ({location}) знову відповідає за адресою {address}. Причина: "
     "{причина}.\n\nПеревірте, будь ласка, зі свого боку й закрийте тікет або напишіть, якщо щось іще не "
     "так.\n\n{me}"),
    ("technical", "en", "Please show the way there",
     "Hello {client},\n\nwe cannot see the fault on {order} from here. Please send the output of\n\n    mtr "
     "-rwc 50 {address}\n\nfrom your side, and tell us since when it happens and from which network.\n\n{me}"),
    ("technical", "ru", "Нужна трассировка",
     "Здравствуйте, {client}!\n\nС нашей стороны проблема на {order} не видна. Пришлите, пожалуйста, "
     "вывод\n\n    mtr -rwc 50 {address}\n\nсо своей стороны и напишите, с какого времени и из какой сети это "
     "происходит.\n\n{me}"),
    ("technical", "uk", "Потрібне трасування",
     "Вітаємо, {client}!\n\nЗ нашого боку проблему на {order} не видно. Надішліть, будь ласка, вивід\n\n    "
     "mtr -rwc 50 {address}\n\nзі свого боку й напишіть, відколи та з якої мережі це відбувається.\n\n{me}"),
    ("technical", "en", "Tariff plan was changed",
     "Hello {client},\n\n{order} runs on the plan {plan} now. It was restarted once for that. Please check "
     "that everything works.\n\n{me}"),
    ("technical", "ru", "Тарифный план изменён",
     "Здравствуйте, {client}!\n\n{order} теперь на тарифе {plan}. Для этого сервер один раз перезагружался. "
     "Проверьте, пожалуйста, что всё работает.\n\n{me}"),
    ("technical", "uk", "Тарифний план змінено",
     "Вітаємо, {client}!\n\n{order} тепер на тарифі {plan}. Для цього сервер один раз перезавантажувався. "
     "Перевірте, будь ласка, що все працює.\n\n{me}"),
    ("finance", "en", "The invoice is not paid yet",
     "Hello {client},\n\ninvoice {invoice} over {total} is not paid yet; it is due on {due}. The server is "
     "renewed the moment the payment arrives, by itself.\n\n{me}"),
    ("finance", "ru", "Счёт ещё не оплачен",
     "Здравствуйте, {client}!\n\nСчёт {invoice} на сумму {total} ещё не оплачен, срок — {due}. Сервер "
     "продлится автоматически в момент поступления оплаты.\n\n{me}"),
    ("finance", "uk", "Рахунок ще не сплачено",
     "Вітаємо, {client}!\n\nРахунок {invoice} на суму {total} ще не сплачено, термін — {due}. Сервер "
     "подовжиться автоматично щойно надійде оплата.\n\n{me}"),
    ("finance", "en", "A promise to pay",
     "Hello {client},\n\nyou can put the payment of {invoice} off by 7 days yourself: open the invoice, "
     "choose “promise” as the method of payment. It is offered when 3 days or fewer are left, and {order} "
     "keeps running meanwhile.\n\n{me}"),
    ("finance", "ru", "Обещанный платёж",
     "Здравствуйте, {client}!\n\nОтложить оплату счёта {invoice} на 7 дней можно самостоятельно: откройте "
     "счёт и выберите способ оплаты «обещанный платёж». Он доступен, когда осталось 3 дня или меньше; {order} "
     "всё это время работает.\n\n{me}"),
    ("finance", "uk", "Обіцяний платіж",
     "Вітаємо, {client}!\n\nВідкласти оплату рахунку {invoice} на 7 днів можна самостійно: відкрийте рахунок "
     "і оберіть спосіб оплати «обіцяний платіж». Він доступний, коли лишилося 3 дні або менше; {order} увесь "
     "цей час працює.\n\n{me}"),
    ("finance", "en", "The payment has arrived",
     "Hello {client},\n\nyour payment for invoice {invoice} has arrived, thank you. {order} is paid until "
     "{paid_until}.\n\n{me}"),
    ("finance", "ru", "Оплата получена",
     "Здравствуйте, {client}!\n\nОплата по счёту {invoice} получена, спасибо. {order} оплачен до "
     "{paid_until}.\n\n{me}"),
    ("finance", "uk", "Оплату отримано",
     "Вітаємо, {client}!\n\nОплату за рахунком {invoice} отримано, дякуємо. {order} оплачено до "
     "{paid_until}.\n\n{me}"),
    ("sales", "en", "Discounts of a fleet",
     "Hello {client},\n\nfrom 5 servers of one type on the price falls by 3 %, from 10 by 5 %, and the longer "
     "a server is in use the more, up to 20 % together. Each is shown beside the plan and on the "
     "invoice.\n\n{me}"),
    ("sales", "ru", "Скидки на парк серверов",
     "Здравствуйте, {client}!\n\nОт 5 серверов одного типа цена ниже на 3 %, от 10 — на 5 %, а с "
     "длительностью использования скидка растёт, вместе до 20 %. Каждая показана рядом с тарифом и в "
     "счёте.\n\n{me}"),
    ("sales", "uk", "Знижки на парк серверів",
     "Вітаємо, {client}!\n\nВід 5 серверів одного типу ціна нижча на 3 %, від 10 — на 5 %, а з тривалістю "
     "користування знижка зростає, разом до 20 %. Кожна показана поруч із тарифом і в рахунку.\n\n{me}"),
    ("abuse", "en", "Complaint about a server: answer within 24 hours",
     "Hello {client},\n\nwe have received a complaint about {order} ({address}):\n\n{complaint}\n\nPlease "
     "stop what it is about and tell us within 24 hours what was done. Without an answer the server has to be "
     "stopped.\n\n{me}"),
    ("abuse", "ru", "Жалоба на сервер: ответ в течение 24 часов",
     "Здравствуйте, {client}!\n\nНа {order} ({address}) поступила жалоба:\n\n{жалоба}\n\nУстраните, "
     "пожалуйста, причину и сообщите в течение 24 часов, что сделано. Без ответа сервер придётся "
     "остановить.\n\n{me}"),
    ("abuse", "uk", "Скарга на сервер: відповідь протягом 24 годин",
     "Вітаємо, {client}!\n\nНа {order} ({address}) надійшла скарга:\n\n{скарга}\n\nУсуньте, будь ласка, "
     "причину й повідомте протягом 24 годин, що зроблено. Без відповіді сервер доведеться зупинити.\n\n{me}"),
)  # fmt: skip
"""(department, language, title, text); no department: for all of them."""


def sow_canned(tx: Tx) -> None:
    """Write them down, in this order."""
    for department, language, title, body in REPLIES:
        canned.save(tx, None, title, body, department, language)
