"""Random callers and a random world led through every shipped flow.

The call always ends, never goes round without a turn of the caller's, never says what is not set, reaches
`always.gone` when the caller hangs up, and leaves its row of the contact history.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome
from engine.call_log import point_of
from history.interaction import interaction_of
from infolinia.configuration import Configuration
from infolinia.flows.files import read_flow
from infolinia.flows.testing import rehearsal_surroundings
from ivr.commands import Listen, StopListening
from ivr.events import Heard, KeyPressed, SpeechBegan
from ivr.flow import Flow, Step
from ivr.rehearsal.outside import OUTCOMES, WORK_OF
from ivr.rehearsal.rehearsal import HangsUp, Rehearsal
from ivr.rehearsal.script import Answer, Given
from ivr.steps.menu import Menu

FLOWS = {
    path.stem: read_flow(path) for path in sorted((Path(__file__).parents[2] / "callflows").glob("*.yaml"))
}
NOW = datetime(2026, 3, 20, 10)
SURROUNDINGS = rehearsal_surroundings(Configuration())

# What services answer when all is well: some callers must get far.
SLOTS = [{"id": "a", "at": "2026-03-23T10:00"}, {"id": "b", "at": "2026-03-24T14:30"}]
GOOD: list[Any] = [
    {
        "status": status,
        "parcels": 2,
        "amount": amount,
        "slots": slots,
        "id": "F-1",
        "due": "2026-02-15",
        "number": "40512",
    }
    for status in ("sent", "packed", "unknown")
    for amount in (249.5, 0)
    for slots in (SLOTS, [])
]
KNOWN = {"birth_date": "1980-03-22", "debt_reference": "1700"}
DEBTS = [
    {"amount": "312.50", "currency": currency, "due": "2026-02-15", "state": state, "reference": "F-1"}
    for state in ("open", "promised", "disputed", "stopped", "paid", "withdrawn")
    for currency in ("PLN", "EUR")
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["status", "parcels", "amount", "slots", "due", "id", "number"]), inner
        )
    ),
    max_leaves=5,
)
KEYS = [*"0123456789*#", "123456", "40512", "22031980", "2203#", "220000012#1", "100#1", "1111"]
SAID = [
    ("pl", "sto dwadzieścia trzy czterysta pięćdziesiąt sześć"),
    ("pl", "jutro"),
    ("pl", "sto złotych"),
    ("ru", "завтра"),
    ("en", "one two three four five six"),
    ("en", "hello"),
    ("xx", "?"),
]
UNIT = st.just(1.0) | st.floats(0, 1)
# step -> keys that answer it.
ANSWERS = {
    "number": ("1234561", "9234561", "0234561"),
    "visit_number": ("405121",),
    "day": ("2303#",),
    "phone": ("220000012#1",),
    "how_much": ("100#1",),
    "when": ("2303#1",),
    "who/birth": ("22031980",),
    "who": ("22031980", "23031980"),
    "letter": ("1700", "1234"),
    "how_many": ("3#",),
    "birth": ("22031980",),
    "who/code_sent": ("123456", "654321"),
    "code_sent": ("123456",),
}
# ("usual", which of several usual answers) is what most callers would do at the step where they are.
USUAL = st.tuples(st.just("usual"), st.integers(0, 30))
# ("listened", which of the phrases that are listened for, confidence) and so on; see `act`.
ACTS = st.one_of(
    *[USUAL] * 9,
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("listened"), st.integers(0, 500), UNIT),
    st.tuples(st.just("listened"), st.integers(0, 30), st.just(1.0)),
    st.tuples(st.just("said"), st.sampled_from(SAID), UNIT),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 5.0, 20.0, 61.0])),
    st.just(("speaks",)),
)


def worlds(flow: Flow) -> st.SearchStrategy[dict[str, Any]]:
    """step -> (outcome, what a service answers)."""
    steps: dict[str, st.SearchStrategy[tuple[str, Any]]] = {}
    for step in flow.steps.values():
        if step.verb in WORK_OF:
            ends = sorted({end for work in WORK_OF[step.verb] for end in OUTCOMES[work]})
            replies = (
                st.sampled_from(GOOD) | st.sampled_from(GOOD) | JSON if step.verb == "webhook" else st.none()
            )
            if step.verb == "debt":
                replies = st.sampled_from(DEBTS)
            steps[step.name] = st.tuples(st.just("next") | st.just("next") | st.sampled_from(ends), replies)
    return st.fixed_dictionaries(steps)


def usual(step: Step, number: int) -> str:
    """Keys that answer the step; none where the caller has nothing to do."""
    if step.name in ANSWERS:
        return ANSWERS[step.name][number % len(ANSWERS[step.name])]
    body = step.body
    if isinstance(body, Menu) and body.choices:
        return list(body.choices)[number % len(body.choices)]
    return str(number % 3 + 1) if body.verb in ("menu", "ask", "rate") else ""


def press(rehearsal: Rehearsal, keys: str) -> None:
    for key in keys:
        rehearsal.tell(KeyPressed(key))
        rehearsal.advance(0.2)


def act(flow: Flow, rehearsal: Rehearsal, what: tuple[Any, ...]) -> None:
    match what:
        case ("key", keys):
            press(rehearsal, keys)
        case ("usual", number):
            rehearsal.advance(0.5)  # what goes on by itself, such as a service's answer
            if not ended(rehearsal) and (keys := usual(flow.steps[rehearsal.dialogue.step], number)):
                press(rehearsal, keys)
            else:
                rehearsal.advance(15)
        case ("listened", number, confidence):
            heard = [c for c in rehearsal.result.commands if isinstance(c, Listen | StopListening)]
            if heard and isinstance(ears := heard[-1], Listen):
                said = [(lang, phrase) for lang, phrases in ears.phrases.items() for phrase in phrases]
                if said:
                    language, text = said[number % len(said)]
                    rehearsal.tell(Heard(text, language, confidence, 1.0, 1.0))
        case ("said", (language, text), confidence):
            rehearsal.tell(Heard(text, language, confidence, confidence, 1.0))
        case ("speaks",):
            rehearsal.tell(SpeechBegan())
        case ("wait", seconds):
            rehearsal.advance(seconds)


def ended(rehearsal: Rehearsal) -> bool:
    return rehearsal.dialogue.ended


def folded(rehearsal: Rehearsal, caller: str, began: datetime) -> Call:
    """The call as the engine would fold it from what the dialogue noted."""
    facts = {"caller": caller, "dialled": "100", "direction": "inbound"}
    end = {"by": "flow", "outcome": Outcome.COMPLETED.value, "cause": 16}
    notes = [(note.kind, dict(note.data)) for note in rehearsal.result.notes]
    whole: list[tuple[CallEventKind, dict[str, Any]]] = [
        (CallEventKind.RECEIVED, facts),
        (CallEventKind.ANSWERED, {}),
        *notes,
        (CallEventKind.ENDED, end),
    ]
    return fold(
        CallEvent("call", seq, began + timedelta(seconds=seq), kind, json.loads(json.dumps(data)))
        for seq, (kind, data) in enumerate(whole, start=1)
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FLOWS)
@given(data=st.data())
# However slow the machine is: hypothesis would else fail an example that takes 0.2 s.
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_caller_in_any_world(name: str, data: st.DataObject) -> None:
    flow = FLOWS[name]
    world = data.draw(worlds(flow), label="world")
    caller = data.draw(st.sampled_from(["+48220000001", "", "200", "+12025550123"]), label="caller")
    hours = data.draw(st.sampled_from(["open", "open", "closed", "holiday"]), label="hours")
    acts = data.draw(st.lists(ACTS, min_size=12, max_size=40), label="acts")
    hangs_up = data.draw(st.booleans(), label="hangs up")
    profile = data.draw(st.sampled_from([{}, KNOWN]), label="profile")
    answers = {
        step: (Answer(outcome, {} if reply is None else reply if reply in DEBTS else {"reply": reply}),)
        for step, (outcome, reply) in world.items()
    }
    given_here = Given(
        answers,
        {"": hours},
        profile,
        facts={"caller": caller, "dialled": "100"},
        at=datetime(2026, 3, 20, 10),
    )
    rehearsal = Rehearsal(flow, given=given_here, surroundings=SURROUNDINGS)
    for what in acts:
        act(flow, rehearsal, what)
    if hangs_up and not ended(rehearsal):
        rehearsal.play([HangsUp()])
        assert ended(rehearsal), "whoever hangs up is let go"
        assert flow.always.gone is None or flow.always.gone in rehearsal.result.path
    left_alone_at = len(rehearsal.result.path)
    for _ in range(60):
        if ended(rehearsal):
            break
        rehearsal.advance(600)
    assert ended(rehearsal), "it ends when the caller does nothing more"
    assert len(rehearsal.result.path) - left_alone_at < len(flow.steps), "it does not go round by itself"
    said = "\n".join(line.text for line in rehearsal.result.lines if line.who == "we")
    assert "{" not in said
    assert "None" not in said
    strange = any(reply not in (None, *GOOD, *DEBTS) for _, reply in world.values())
    for trouble in rehearsal.result.troubles:
        if trouble.startswith("not a number") and not caller.startswith("+"):
            continue  # whoever calls from inside, or withholds their number, is told by a person
        # A value can only be missing where a service answered something strange.
        assert strange, trouble
        assert trouble.startswith(("unset value", "value too long")), trouble
    call = folded(rehearsal, caller, rehearsal.result.began)
    row = interaction_of(call, "row", point_of(call, "PL"))
    assert row.flow == flow.name
    assert list(row.path) == rehearsal.result.path
    assert (row.outcome, call.ended_at is not None) == ("completed", True)
