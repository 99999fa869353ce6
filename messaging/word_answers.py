"""What answers START and HELP of itself: who writes, and how it is ended. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from compliance.facts import Purpose
from messaging.followups import Event, Rule
from messaging.opting import OptingWords, Wish
from messaging.template_reading import load_template
from messaging.templates import MessageTemplate

# STOP is answered by silence: whoever wants no messages gets none.
ANSWERED = (Wish.HELP, Wish.START)
ONCE_PER = timedelta(hours=1)
_TEXTS: Mapping[Wish, Mapping[str, str]] = {
    Wish.HELP: {
        "en": "{company}. To get no more messages, answer STOP.",
        "pl": "{company}. Aby nie dostawać więcej wiadomości, odpisz STOP.",
        "ru": "{company}. Чтобы больше не получать сообщений, ответьте СТОП.",
    },
    Wish.START: {
        "en": "{company}: you get our messages again. To end them, answer STOP.",
        "pl": "{company}: znów dostajesz nasze wiadomości. Aby przestać, odpisz STOP.",
        "ru": "{company}: вы снова получаете наши сообщения. Чтобы отказаться, ответьте СТОП.",
    },
}


def usual_name(wish: Wish) -> str:
    """Of the usual template, which no file can have."""
    return f"word:{wish.value}"


def usual_template(wish: Wish, company: str) -> MessageTemplate:
    """The usual answer, of that company."""
    shown = company.replace("{", "{{").replace("}", "}}")
    written = {
        "template": f"word-{wish.value}",
        "purpose": Purpose.SERVICE.value,
        "languages": list(_TEXTS[wish]),
        "text": {language: text.replace("{company}", shown) for language, text in _TEXTS[wish].items()},
        "subject": dict.fromkeys(_TEXTS[wish], shown),
    }
    return load_template(json.dumps(written, ensure_ascii=False), "messaging.words.answers")


def word_rule(wish: Wish, template: str, words: OptingWords) -> Rule:
    """It answers whoever wrote nothing but such a word; one person once an hour."""
    return Rule(
        name=usual_name(wish),
        on=Event.MESSAGE_RECEIVED,
        send=template,
        once_per=ONCE_PER,
        wish=wish,
        opting=words,
    )
