"""What a caller who waits in a queue is told, where a flow gives no words of its own."""

from __future__ import annotations

from wording.templates import parse_template

POSITION = {
    "pl": parse_template("Są Państwo w kolejce na {position|ordinal(n, loc)} miejscu."),
    "en": parse_template("You are number {position|number} in the queue."),
    "ru": parse_template("Ваш номер в очереди: {position|number}."),
}
WAIT = {
    "pl": parse_template("Przewidywany czas oczekiwania: {wait|duration}."),
    "en": parse_template("The expected wait is about {wait|duration}."),
    "ru": parse_template("Примерное время ожидания: {wait|duration}."),
}
CALLBACK = {
    "pl": parse_template(
        "Jeśli zamiast czekać wolą Państwo, byśmy oddzwonili, proszę nacisnąć {key|digits}."
    ),
    "en": parse_template("To be called back instead of waiting, press {key|digits}."),
    "ru": parse_template("Если вы хотите, чтобы мы вам перезвонили, нажмите {key|digits}."),
}
# The button of what is offered instead of waiting, where it is shown in writing.
INSTEAD = {"pl": ("nie czekam",), "en": ("do not wait",), "ru": ("не ждать",)}
AGENT_LOST = {
    "pl": parse_template(
        "Przepraszamy, rozmowa została przerwana. Są Państwo na początku kolejki i odbierze pierwsza wolna "
        "osoba."
    ),
    "en": parse_template(
        "We are sorry, the conversation was cut off. You are at the front of the queue, and the next free "
        "person will take your call."
    ),
    "ru": parse_template(
        "Извините, разговор прервался. Вы первые в очереди: вам ответит первый освободившийся сотрудник."
    ),
}
