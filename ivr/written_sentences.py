"""The interpreter's own sentences where it is read: nobody says, presses or calls anything there."""

from __future__ import annotations

from collections.abc import Mapping

from ivr import queue_sentences, sentences
from wording.templates import Template, parse_template


def _texts(**texts: str) -> dict[str, Template]:
    return {language: parse_template(text) for language, text in texts.items()}


# Its numbers are on the buttons, too.
OFFER = _texts(pl="{number}: {offer}.", en="{number}: {offer}.", ru="{number}: {offer}.")

# (as it is spoken, as it is written); what is in none of them reads as well as it sounds.
_PAIRS: tuple[tuple[Mapping[str, Template], Mapping[str, Template]], ...] = (
    (
        sentences.SILENT,
        _texts(
            pl="Czekamy na Państwa odpowiedź.",
            en="We are waiting for your answer.",
            ru="Мы ждём вашего ответа.",
        ),
    ),
    (
        sentences.UNCLEAR,
        _texts(
            pl="Nie udało się tego zrozumieć.",
            en="Sorry, I did not understand that.",
            ru="Извините, это не удалось понять.",
        ),
    ),
    (
        sentences.CORRECT,
        _texts(
            pl="Jeśli to się zgadza, proszę odpowiedzieć: tak. Jeśli nie: nie.",
            en="If that's right, answer yes. If not, answer no.",
            ru="Если всё верно, ответьте: да. Если нет: нет.",
        ),
    ),
    (
        sentences.DID_YOU_SAY,
        _texts(pl="Czy chodzi o: {value}?", en="Did you mean {value}?", ru="Вы имели в виду: {value}?"),
    ),
    (
        sentences.RESUMED,
        _texts(
            pl="Przepraszamy za krótką przerwę.",
            en="Sorry for the short break.",
            ru="Извините за короткий перерыв.",
        ),
    ),
    (
        sentences.FAULT,
        _texts(
            pl="Przepraszamy, mamy awarię. Prosimy spróbować później.",
            en="Sorry, something is broken on our side. Please try again later.",
            ru="Извините, у нас неполадки. Пожалуйста, попробуйте позже.",
        ),
    ),
    (
        queue_sentences.CALLBACK,
        _texts(
            pl="Jeśli zamiast czekać wolą Państwo, byśmy oddzwonili, proszę wybrać „Nie czekam”.",
            en="To be called back instead of waiting, choose “Do not wait”.",
            ru="Если вы хотите, чтобы мы вам перезвонили, выберите «Не ждать».",
        ),
    ),
    (
        queue_sentences.AGENT_LOST,
        _texts(
            pl="Przepraszamy, rozmowa została przerwana. Są Państwo na początku kolejki i odpisze pierwsza "
            "wolna osoba.",
            en="We are sorry, the talk was cut off. You are at the front of the queue, and the next free "
            "person will write to you.",
            ru="Извините, разговор прервался. Вы первые в очереди: вам ответит первый освободившийся "
            "сотрудник.",
        ),
    ),
)
_WRITTEN = {id(spoken): written for spoken, written in _PAIRS}


def as_written(text: Mapping[str, Template]) -> Mapping[str, Template]:
    """The same text where it is a flow's own."""
    return _WRITTEN.get(id(text), text)
