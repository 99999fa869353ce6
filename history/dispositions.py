"""Disposition: the agent's word on how a contact ended. The network's word is the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Next(StrEnum):
    """What the agent is asked for next."""

    NONE = "none"
    CALLBACK = "callback"
    PROMISE = "promise"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Disposition:
    """`label`: language -> words. `final`: the matter is over, else it is tried again after `retry_seconds`.

    `counts_as_conversation`: a person was spoken to. `retry_seconds` None: by the campaign's own rule.
    `of_calls`: nothing in writing ends so.
    """

    name: str
    label: Mapping[str, str]
    final: bool = True
    retry_seconds: float | None = None
    counts_as_conversation: bool = True
    next: Next = Next.NONE
    of_calls: bool = False


def _of(
    name: str,
    pl: str,
    en: str,
    ru: str,
    *,
    retry_hours: float | None = None,
    final: bool = False,
    spoken: bool = True,
    next: Next = Next.NONE,
    of_calls: bool = False,
) -> Disposition:
    retry_seconds = None if retry_hours is None else retry_hours * 3600
    return Disposition(name, {"pl": pl, "en": en, "ru": ru}, final, retry_seconds, spoken, next, of_calls)


TRADE: Mapping[str, Disposition] = {
    one.name: one
    for one in (
        _of("sale", "Sprzedaż", "Sale", "Продажа", final=True),
        _of("not_interested", "Brak zainteresowania", "Not interested", "Не интересует", final=True),
        _of("callback", "Oddzwonić", "Callback", "Перезвонить", next=Next.CALLBACK),
        _of(
            "promise_to_pay",
            "Obietnica zapłaty",
            "Promise to pay",
            "Обещание оплаты",
            final=True,
            next=Next.PROMISE,
        ),
        _of("disputed", "Kwestionuje dług", "Disputes the debt", "Оспаривает долг", final=True),
        _of("right_party", "Właściwa osoba", "Right party", "Нужный человек"),
        _of("wrong_number", "Pomyłka", "Wrong number", "Не тот номер", final=True, spoken=False),
        _of(
            "no_answer",
            "Nikt nie odebrał",
            "No answer",
            "Нет ответа",
            retry_hours=4,
            spoken=False,
            of_calls=True,
        ),
        _of("busy", "Zajęte", "Busy", "Занято", retry_hours=0.5, spoken=False, of_calls=True),
        _of(
            "machine",
            "Automatyczna sekretarka",
            "Machine",
            "Автоответчик",
            retry_hours=4,
            spoken=False,
            of_calls=True,
        ),
        _of(
            "disconnected",
            "Numer nieaktywny",
            "Disconnected",
            "Номер отключён",
            final=True,
            spoken=False,
            of_calls=True,
        ),
        _of("do_not_call", "Nie dzwonić", "Do not call", "Не звонить", final=True, next=Next.STOP),
        _of("language", "Inny język", "Language", "Другой язык"),
        _of("transferred", "Przekazane", "Transferred", "Переведено", final=True),
        _of("abandoned", "Rozłączono", "Abandoned", "Прервано", spoken=False),
        _of("error", "Błąd techniczny", "Error", "Ошибка", spoken=False),
    )
}
"""The trade's set, by name, in the order in which it is shown."""
