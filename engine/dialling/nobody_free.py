"""The message of a campaign that has no flow for it: who called, from which number, and a key to opt out."""

from __future__ import annotations

import json
from functools import lru_cache

from engine.dialling.campaign_dial import CampaignDial
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from wording.phone_words import said_phone

NOBODY_FREE = "nobody-free-built-in"

_CALLS = {
    "pl": "Dzień dobry, dzwoni {company}",
    "en": "Hello, this is {company}",
    "ru": "Здравствуйте, вам звонит {company}",
}
_NAMELESS = {"pl": "Dzień dobry", "en": "Hello", "ru": "Здравствуйте"}
_NUMBER = {
    "pl": ", numer telefonu {number}",
    "en": ", calling from {number}",
    "ru": ", номер телефона {number}",
}
_SORRY = {
    "pl": ". Przepraszamy, nikt z nas nie może teraz rozmawiać. Jeśli nie chcą Państwo, żebyśmy dzwonili, "
    "proszę nacisnąć {key}.",
    "en": ". We are sorry, none of us can talk with you now. If you do not want us to call you, press {key}.",
    "ru": ". Извините, сейчас никто из нас не может поговорить. Если вы не хотите, чтобы мы звонили, "
    "нажмите {key}.",
}
_STOPPED = {
    "pl": "Nie będziemy już dzwonić na ten numer.",
    "en": "We will not call this number any more.",
    "ru": "Мы больше не будем звонить на этот номер.",
}
LANGUAGES = tuple(_SORRY)
_SIGNS = {
    "*": {"pl": "gwiazdkę", "en": "star", "ru": "звёздочку"},
    "#": {"pl": "krzyżyk", "en": "hash", "ru": "решётку"},
}


def nobody_free(dial: CampaignDial, language: str) -> Flow:
    """In the campaign's language; in English where the message is not known in it."""
    spoken = language if language in _SORRY else "en"
    return _flow(dial.company, dial.caller_id, dial.opt_out_key, spoken)


@lru_cache(maxsize=200)
def _flow(company: str, number: str, key: str, language: str) -> Flow:
    begins = _CALLS[language].format(company=company) if company else _NAMELESS[language]
    number = said_phone(number, language) if number.startswith("+") else number
    calls_from = _NUMBER[language].format(number=number) if number else ""
    sign = _SIGNS[key][language] if key in _SIGNS else key
    sorry = begins + calls_from + _SORRY[language].format(key=sign)
    steps: dict[str, object] = {
        "sorry": {
            "menu": {"prompt": sorry, "choices": {key: {"next": "stop"}}, "attempts": 1},
            "otherwise": "bye",
        },
        "stop": {"stop_contact": {"channels": ["call"]}, "next": "stopped"},
        "stopped": {"say": {"text": _STOPPED[language], "interrupt": False}, "next": "bye"},
        "bye": {"hangup": "normal"},
    }
    written = {
        "flow": NOBODY_FREE,
        "languages": [language],
        "always": {"agent": "bye", "trouble": "bye"},
        "start": "sorry",
        "steps": steps,
    }
    return load_flow(json.dumps(written, ensure_ascii=False), f"{NOBODY_FREE}.yaml")
