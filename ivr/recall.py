"""A conversation's memory: what is kept of a talk so that another engine can go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from calls.events import CallEvent, CallEventKind
from ivr.flow import Flow
from ivr.steps.body import FieldBody
from ivr.talk import Talk
from ivr.turns.turn import Turn


class StateRejected(ValueError):
    """A conversation cannot be resumed from what was kept of it; the message says why."""


class _State(BaseModel):
    """`secrets`: variable -> the step that asks for it. Their values are not kept."""

    model_config = ConfigDict(extra="forbid")

    flow: str
    version: str
    step: str | None = None
    language: str | None = None
    variables: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    visited: list[str] = []
    wrong_answers: dict[str, int] = {}
    counters: tuple[int, int, int] = (0, 0, 0)
    say_id: int = 0
    work_id: int = 0
    working: int | None = None
    ended: bool = False


def remembered(talk: Talk) -> dict[str, object]:
    """The talk as a JSON object."""
    turn = talk.activity
    counters = turn.counters if isinstance(turn, Turn) else talk.counters
    return {
        "flow": talk.flow.name,
        "version": talk.flow.version,
        "step": None if talk.step is None else talk.step.name,
        "language": talk.language,
        "variables": {k: v for k, v in talk.variables.items() if k not in talk.secrets},
        "secrets": dict(talk.secrets),
        "visited": list(talk.visited),
        "wrong_answers": dict(talk.wrong_answers),
        "counters": list(counters or (0, 0, 0)),
        "say_id": talk.say_id,
        "work_id": talk.work_id,
        "working": talk.working,
        "ended": talk.ended,
    }


def recalled(talk: Talk, raw: Mapping[str, object]) -> None:
    """Put a fresh talk where `raw` was. Raises StateRejected."""
    try:
        state = _State.model_validate(raw)
    except ValidationError as refused:
        raise StateRejected(f"this is not a conversation's state: {refused.errors()[0]['msg']}") from None
    flow = talk.flow
    if (state.flow, state.version) != (flow.name, flow.version):
        kept, loaded = f"{state.flow} {state.version}", f"{flow.name} {flow.version}"
        raise StateRejected(f"the conversation ran flow {kept}, but {loaded} is loaded")
    strange = {state.step, *state.secrets.values(), *state.visited} - {None} - set(flow.steps)
    if strange or (state.language is not None and state.language not in flow.languages):
        raise StateRejected(
            f"flow {flow.name} does not have {', '.join(map(str, strange)) or state.language}"
        )
    if state.language is not None:
        talk.language = talk.scope["language"] = state.language
        talk.languages = (state.language,)
    talk.variables = dict(state.variables)
    talk.scope.update(state.variables)
    talk.visited = state.visited
    talk.wrong_answers = state.wrong_answers
    talk.say_id, talk.work_id, talk.working = state.say_id, state.work_id, state.working
    talk.ended = state.ended
    if state.step is not None:
        # A secret that was not kept is asked for again, at the earliest step that asks for one.
        step = next(iter(state.secrets.values()), state.step)
        talk.step = flow.steps[step]
        talk.counters = state.counters if step == state.step else None


def facts_of(received: Mapping[str, object]) -> dict[str, object]:
    """What a flow knows of its call, from the call's first event: `caller` is the person, whoever called."""
    caller, dialled = received.get("caller", ""), received.get("dialled", "")
    if received.get("direction") == "outbound":
        caller, dialled = dialled, caller
    return {"caller": caller, "dialled": dialled}


def state_of_log(flow: Flow, events: Iterable[CallEvent]) -> tuple[dict[str, object], dict[str, object]]:
    """The state and the facts that a call's event log tells. Raises StateRejected when it names no flow."""
    state: dict[str, Any] = {"variables": {}, "secrets": {}, "visited": []}
    facts: dict[str, object] = {}
    wrong: dict[str, int] = {}
    silent = unclear = works = 0
    for event in events:
        data = event.data
        match event.kind:
            case CallEventKind.RECEIVED:
                facts = facts_of(data)
            case CallEventKind.FLOW_STARTED:
                # An agent may have given the caller to another flow: nothing of the one before goes on.
                state = {"variables": {}, "secrets": {}, "visited": []}
                state |= {"flow": data["flow"], "version": data["version"]}
                wrong.clear()
                silent = unclear = works = 0
            case CallEventKind.STEP_ENTERED:
                state["step"] = name = str(data["step"])
                silent = unclear = 0
                step = flow.steps.get(name)
                if step is not None and isinstance(step.body, FieldBody):
                    state["visited"].append(name)
                long_work = step is not None and step.body.outlives_engine
                state["working"] = works + 1 if long_work else None
            case CallEventKind.WORK_DONE:
                works += 1
                state["working"] = None
            case CallEventKind.LANGUAGE_CHOSEN:
                state["language"] = data["language"]
            case CallEventKind.VALUE_SET if "value" in data:
                state["variables"][data["name"]] = data["value"]
                state["secrets"].pop(data["name"], None)
            case CallEventKind.VALUE_SET:
                state["secrets"].setdefault(data["name"], state.get("step"))
            case CallEventKind.NOT_UNDERSTOOD:
                silent += data["why"] == "silent"
                unclear += data["why"] != "silent"
                if data["why"] == "wrong":
                    wrong[str(data["step"])] = wrong.get(str(data["step"]), 0) + 1
    if "flow" not in state:
        raise StateRejected("the call's log does not tell which flow it ran")
    # Work that was under way gets the same number when it is begun anew, so that nothing is done twice.
    state |= {"counters": (silent + unclear, silent, unclear), "work_id": state.get("working") or works}
    state["wrong_answers"] = wrong
    return state, facts
