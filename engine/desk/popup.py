"""The screen-pop: the way a caller has come, from the call's events; who they are, from the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from calls.call import Call, Direction
from calls.events import CallEvent, CallEventKind
from engine.desk.view import Popup, Stop, StopKind
from engine.registers.desk import KnownCaller
from history.interaction import ContactPoint, Interaction

TIMELINE_ROWS = 20
_SECRET = "*"  # noqa: S105


def popup_of(
    call: Call,
    events: Sequence[CallEvent],
    point: ContactPoint | None,
    known: KnownCaller | None,
    *,
    today: date,
    missing: str = "",
) -> Popup:
    """`known` None: the history has not answered; `missing` says why it will not."""
    queue: str | None = None
    queued_at: datetime | None = None
    waited: float | None = None
    for event in events:
        if event.kind is CallEventKind.QUEUED:
            queue, queued_at, waited = str(event.data.get("queue", "")), event.at, None
        elif event.kind is CallEventKind.AGENT_CONNECTED:
            seconds = event.data.get("waited_seconds")
            waited = float(seconds) if isinstance(seconds, int | float) else None
    bare = Popup(
        call_id=call.id,
        direction=call.direction.value,
        number=call.person,
        point=point,
        arrived_at=call.started_at,
        flow=call.flow,
        language=call.language,
        queue=queue,
        queued_at=queued_at,
        waited_seconds=waited,
        stops=stops_of(call, events),
        missing=missing,
    )
    if known is None:
        return bare
    return replace(
        bare,
        contact=known.contact,
        timeline=tuple(known.timeline),
        promises=tuple(row for row in known.promises if _is_open(row, today)),
        callbacks=tuple(known.callbacks),
        consents=tuple(known.consents),
        objections=tuple(known.objections),
    )


def stops_of(call: Call, events: Iterable[CallEvent]) -> tuple[Stop, ...]:
    """The line with its stops, oldest first. A word or key is told with what was understood by it."""
    arrived = call.dialled if call.direction is Direction.INBOUND else call.caller
    stops = [Stop(call.started_at, StopKind.ARRIVED, arrived)]
    for event in events:
        data = event.data
        match event.kind:
            case CallEventKind.KEY_PRESSED:
                stops.append(Stop(event.at, StopKind.KEY, _text(data.get("key"))))
            case CallEventKind.HEARD if data.get("text"):
                stops.append(
                    Stop(
                        event.at,
                        StopKind.WORDS,
                        _text(data.get("text")),
                        confidence=_number(data.get("confidence")),
                        language=_text(data.get("language")) or None,
                    )
                )
            case CallEventKind.UNDERSTOOD:
                _understood(stops, event)
            case CallEventKind.FETCHED:
                status = data.get("status")
                answer = _text(data.get("error")) if status is None else _text(status)
                stops.append(Stop(event.at, StopKind.LOOKED_UP, _text(data.get("service")), answer))
            case CallEventKind.IDENTITY_CHECKED:
                passed = "passed" if data.get("passed") else "failed"
                stops.append(Stop(event.at, StopKind.CHECKED, passed, _text(data.get("by"))))
            case CallEventKind.CONSENT_KEPT:
                given = "given" if data.get("given") else "refused"
                stops.append(Stop(event.at, StopKind.CONSENT, _text(data.get("purpose")), given))
            case CallEventKind.QUEUED:
                stops.append(Stop(event.at, StopKind.QUEUE, _text(data.get("queue"))))
            case CallEventKind.AGENT_CONNECTED:
                stops.append(Stop(event.at, StopKind.AGENT, _text(data.get("agent"))))
            case _:
                pass  # what a flow does by itself is no stop of the caller's
    return tuple(_joined_keys(stops))


def _understood(stops: list[Stop], event: CallEvent) -> None:
    """What was understood belongs to the word or the key before it."""
    if stops[-1].kind in (StopKind.KEY, StopKind.WORDS) and not stops[-1].detail:
        choice = _text(event.data.get("choice", event.data.get("value")))
        if stops[-1].text == _SECRET:
            choice = ""  # a secret's value is nowhere
        stops[-1] = replace(stops[-1], detail=choice)


def _joined_keys(stops: Iterable[Stop]) -> list[Stop]:
    """Keys pressed one after another are one stop, such as a number that was keyed."""
    joined: list[Stop] = []
    for stop in stops:
        last = joined[-1] if joined else None
        if last is not None and stop.kind is last.kind is StopKind.KEY and not last.detail:
            joined[-1] = replace(last, text=last.text + stop.text, detail=stop.detail)
        else:
            joined.append(stop)
    return joined


def _is_open(promise: Interaction, today: date) -> bool:
    try:
        return date.fromisoformat(str(promise.data.get("due"))) >= today
    except ValueError:
        return True  # without a day it is not over


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
