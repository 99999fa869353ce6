"""Refusals, pause notes, and why a campaign does not dial just now, in the reader's language."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import history
import store
from compliance.facts import Mode, Purpose
from console.campaigns.live_telling import held_told
from console.campaigns.note_telling import note_told
from console.refusal_telling import refusal_told
from console.words import LANGUAGES, load_words
from dialer.campaign import Campaign, CampaignKind, CampaignMove, CampaignState, Cause
from dialer.mistakes import Mistake, MistakeCode
from engine.registers.refusals import Refused
from history.callback_windows import WrongWindow

WORDS = load_words()
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
DATA: dict[str, object] = {
    "id": "spring", "name": "Spring", "state": "paused", "reference": "F-1", "lead": "l2", "days": 90,
    "possible": (CampaignMove.RESUME, CampaignMove.FINISH), "written": "noon", "at": "2026-11-25 08:00",
}  # fmt: skip


def campaign(cause: Cause, note: str) -> Campaign:
    return Campaign(
        "spring", "Spring", CampaignKind.SALES, Mode.PREDICTIVE, Purpose.MARKETING, NOW, NOW,
        state=CampaignState.PAUSED, state_cause=cause, state_note=note,
    )  # fmt: skip


def codes() -> dict[str, set[str]]:
    """Of all refusals that are raised with a code -> the gaps that they fill."""
    found: dict[str, set[str]] = {}
    rooms = [Path(store.__file__).parent / "registers", Path(history.__file__).parent]
    console = Path(store.__file__).parent.parent / "console" / "callbacks"
    for path in [path for room in (*rooms, console) for path in room.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") in ("Refused", "WrongWindow")
                and len(node.args) == 3
                and isinstance(node.args[2], ast.Constant)
            ):
                gaps = found.setdefault(str(node.args[2].value), set())
                gaps |= {word.arg for word in node.keywords if word.arg}
    return found


def test_every_code_has_words_in_every_language() -> None:
    known = codes()
    assert {"campaign_move", "debt_move", "callback_over", "lead_merged", "window_closed_until"} <= set(known)
    for code in known:
        texts = set()
        for words in WORDS.values():
            told = refusal_told(Refused("English.", "state", code, **DATA), words)
            assert "{" not in told
            texts.add(told)
        assert len(texts) == len(LANGUAGES), code


def test_a_refusal_is_told_with_the_names_of_its_language() -> None:
    moved = Refused("English.", "state", "campaign_move", **DATA)
    assert refusal_told(moved, WORDS["pl"]) == (
        "Stan kampanii: „Wstrzymana”; możliwe są: Wznów, Zakończ. Proszę odświeżyć stronę."
    )
    assert refusal_told(Refused("Give at most 5.", "people"), WORDS["pl"]) == "Give at most 5."
    over = WrongWindow("The window is over already: choose a later one.", "from", "window_over")
    assert refusal_told(over, WORDS["ru"]).startswith("Это время уже прошло")


@pytest.mark.parametrize(
    ("cause", "note", "pl"),
    [
        (Cause.GOAL, "50 of 50", "50 z 50"),
        (Cause.ATTEMPTS, "1000 calls", "1000 połączeń"),
        (Cause.ALL_REFUSED, "2 leads on end", "2 kontakty z rzędu"),
        (Cause.DETECTION_ERROR, "1.75% of people taken for machines", "ludzi wziętych za automaty: 1.75%"),
        (Cause.LAST_DAY, "2026-11-24", "2026-11-24"),
        (Cause.LIST_ENDED, "gate by us-tsr/hours: 12, day_cap: 3",
         "Reguła nie pozwala teraz (us-tsr/hours): 12, Dziś już tyle połączeń, ile wolno: 3"),
        (Cause.PERSON, "gate by us-tsr/hours: 12", "gate by us-tsr/hours: 12"),
        (Cause.LIST_ENDED, "", ""),
    ],
)  # fmt: skip
def test_pause_notes(cause: Cause, note: str, pl: str) -> None:
    assert note_told(campaign(cause, note), (), WORDS["pl"]) == pl
    told = note_told(campaign(cause, note), (), WORDS["ru"])
    assert re.findall(r"\d+", told) == re.findall(r"\d+", note)


def test_what_the_configuration_has_no_more_is_told_by_its_mistake() -> None:
    gone = Mistake("queue", MistakeCode.UNKNOWN, {"noun": "queue", "name": "sales", "known": ("orders",)})
    paused = campaign(Cause.NAMES_GONE, gone.sentence)
    assert "sales" in note_told(paused, (gone,), WORDS["pl"])
    assert note_told(paused, (gone,), WORDS["pl"]) != gone.sentence
    assert note_told(paused, (), WORDS["pl"]) == gone.sentence


@pytest.mark.parametrize(
    ("pacer", "agents", "key"),
    [
        ({"why": "one_each"}, {"talking": 3}, "live_idle_busy"),
        ({"why": "one_each"}, {"idle": 1, "talking": 2}, "live_idle_under_way"),
        ({"why": "one_each"}, {}, "live_idle_no_agents"),
        ({"why": "no_agents"}, {}, "live_idle_no_agents"),
        ({"why": "risk", "budget": {"left": 0.4}}, {"talking": 3}, "live_idle_busy"),
        ({"why": "risk", "budget": {"left": -0.2}}, {"talking": 3}, "live_idle_cap"),
        ({"why": "lines"}, {"idle": 2}, "live_idle_lines"),
        ({"why": "leads"}, {"idle": 2}, "live_idle_leads"),
        ({"why": "calls_per_second"}, {"idle": 2}, "live_idle_calls_per_second"),
        ({"why": "nothing_yet"}, {"idle": 2}, "live_held_idle"),
        (None, {}, "live_held_idle"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_why_none_is_dialled_just_now(pacer: object, agents: dict[str, int], key: str, language: str) -> None:
    run = {"held": {"code": "idle", "data": {}}, "pacer": pacer, "agent_states": agents}
    told = held_told(campaign(Cause.PERSON, ""), run, WORDS[language], UTC)
    assert told == WORDS[language](key)
