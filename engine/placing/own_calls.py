"""How calls that agents place themselves go on without those agents: rules, and flows of our own."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from acd.talks.commands import Ending, Over
from ivr.flow import Flow
from ivr.queue_sentences import AGENT_LOST
from ivr.reading.loader import load_flow

WAITING, BACK, CUT_OFF = "waiting-in-", "back-in-", "cut-off"
# Who has lost an agent comes before all others, but those of queues who have, too.
FIRST = 100

_NOBODY = {
    "pl": "Przepraszamy, nikt nie może teraz z Państwem porozmawiać. Do usłyszenia.",
    "en": "We are sorry, nobody can talk with you now. Goodbye.",
    "ru": "Извините, сейчас никто не может с вами поговорить. До свидания.",
}
_CUT_OFF = {
    "pl": "Przepraszamy, połączenie z naszym pracownikiem zostało przerwane. Do usłyszenia.",
    "en": "We are sorry, our colleague's line was cut off. Goodbye.",
    "ru": "Извините, связь с нашим сотрудником прервалась. До свидания.",
}
_OF_COUNTRY = {"PL": "pl", "RU": "ru", "BY": "ru", "KZ": "ru"}


@dataclass(frozen=True, slots=True)
class OwnCallRules:
    """`wrap_up_seconds`: of a call for no queue. `lost_calls`: the queue of customers who lose the agent, or
    ""."""

    wrap_up_seconds: float = 30.0
    lost_calls: str = ""


def spoken(languages: Collection[str], country: str) -> str:
    """The language for a person of whom none is known: the country's, if the hotline speaks it."""
    known = [language for language in languages if language in _NOBODY]
    own = _OF_COUNTRY.get(country, "en")
    return own if own in known or not known else known[0]


def own_flow(name: str, version: str) -> Flow | None:
    """One of these flows, in the language that it was in; None when it is none of them."""
    for language in _NOBODY:
        flow = _named(name, language)
        if flow is not None and flow.version == version:
            return flow
    return None


def _named(name: str, language: str) -> Flow | None:
    if name == CUT_OFF:
        return cut_off(language)
    for prefix, flow in ((WAITING, waiting_in), (BACK, back_in)):
        if name.startswith(prefix):
            return flow(name.removeprefix(prefix), language)
    return None


@lru_cache(maxsize=200)
def waiting_in(queue: str, language: str) -> Flow:
    """An agent has given the customer to this queue."""
    return _flow(WAITING + queue, language, {"wait": _wait(queue, 0)}, _NOBODY)


@lru_cache(maxsize=200)
def back_in(queue: str, language: str) -> Flow:
    """The agent was lost, and others of this queue are to take over."""
    told = {"say": {"text": AGENT_LOST[language].source, "interrupt": False}, "next": "wait"}
    return _flow(BACK + queue, language, {"lost": told, "wait": _wait(queue, FIRST)}, _NOBODY)


@lru_cache(maxsize=10)
def cut_off(language: str) -> Flow:
    """The agent was lost, and nobody takes over."""
    return _flow(CUT_OFF, language, {}, _CUT_OFF)


def flow_after(
    over: Over, language: str, named: Callable[[str], Flow | None], lost_calls: str | None
) -> Flow | None:
    """What goes on with the customer behind a talk; None: they are left. `lost_calls`: the queue of those who
    lose the agent, None: there is none."""
    match over.ending:
        case Ending.FLOW:
            return named(over.name)
        case Ending.QUEUE:
            return waiting_in(over.name, language)
        case Ending.LOST:
            return cut_off(language) if lost_calls is None else back_in(lost_calls, language)
        case _:
            return None


def _wait(queue: str, priority: int) -> dict[str, object]:
    refused = dict.fromkeys(("timeout", "closed", "full", "nobody"), "sorry")
    return {"queue": {"name": queue, "priority": priority, "announce": {"position": "60s"}}, **refused}


def _flow(name: str, language: str, steps: dict[str, object], sorry: dict[str, str]) -> Flow:
    goodbye = {
        "sorry": {"say": {"text": sorry[language], "interrupt": False}, "next": "bye"},
        "bye": {"hangup": "normal"},
    }
    written = {
        "flow": name,
        "languages": [language],
        "always": {"agent": "wait" if "wait" in steps else "sorry", "trouble": "sorry"},
        "start": next(iter(steps), "sorry"),
        "steps": {**steps, **goodbye},
    }
    return load_flow(json.dumps(written, ensure_ascii=False), f"{name}.yaml")
