"""What a visitor is told by the chat itself, where a flow has words for callers alone."""

from __future__ import annotations

CALL_US = {
    "pl": "Można też do nas zadzwonić: {number}.",
    "en": "You can also call us: {number}.",
    "ru": "Вы можете также позвонить нам: {number}.",
}
WRITE_IT = {
    "pl": "Proszę napisać wiadomość tutaj.",
    "en": "Please write your message here.",
    "ru": "Напишите, пожалуйста, сообщение здесь.",
}
AGENT_LOST = {
    "pl": "Przepraszamy, rozmowa została przerwana. Zaraz odpisze Państwu ktoś inny.",
    "en": "Sorry, the talk was cut off. Somebody else will write to you in a moment.",
    "ru": "Извините, разговор прервался. Сейчас вам ответит другой сотрудник.",
}
NOBODY = {
    "pl": "Niestety nikt nie może teraz odpisać. Prosimy spróbować później albo zostawić numer.",
    "en": "Sorry, nobody can answer now. Please try later, or leave your number.",
    "ru": "К сожалению, сейчас никто не может ответить. Попробуйте позже или оставьте номер.",
}
STORE_AWAY = {
    "pl": "Mamy chwilowe trudności. Państwa słowa nie zginą, ale odpowiedź może potrwać dłużej.",
    "en": "We have trouble for the moment. What you write is not lost, but an answer may take longer.",
    "ru": "У нас временные неполадки. Ваши сообщения не пропадут, но ответ может задержаться.",
}
FAULT = {
    "pl": "Przepraszamy, mamy awarię. Prosimy spróbować później albo zadzwonić.",
    "en": "Sorry, something is broken on our side. Please try later, or call us.",
    "ru": "Извините, у нас неполадки. Попробуйте позже или позвоните нам.",
}


def sentence(words: dict[str, str], language: str | None) -> str:
    return words.get(language or "") or words["en"]
