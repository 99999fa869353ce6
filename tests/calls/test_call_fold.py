"""A call is what its event log says, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome, outcome_of_unanswered

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def log(*entries: tuple[CallEventKind, dict[str, object]]) -> list[CallEvent]:
    return [
        CallEvent("c1", seq, START + timedelta(seconds=seq - 1), kind, data)
        for seq, (kind, data) in enumerate(entries, start=1)
    ]


RECEIVED = (
    CallEventKind.RECEIVED,
    {"direction": "inbound", "caller": "+48220000001", "dialled": "100", "network_id": "n-1.1", "node": "n"},
)


def test_a_whole_call_folds_into_its_row() -> None:
    call = fold(
        log(
            RECEIVED,
            (CallEventKind.ANSWERED, {}),
            (CallEventKind.FLOW_STARTED, {"flow": "hotline", "version": "abc"}),
            (CallEventKind.STEP_ENTERED, {"step": "language", "verb": "menu"}),
            (CallEventKind.KEY_PRESSED, {"key": "2"}),
            (CallEventKind.LANGUAGE_CHOSEN, {"language": "en"}),
            (CallEventKind.STEP_ENTERED, {"step": "main", "verb": "menu"}),
            (CallEventKind.HEARD, {"text": "order", "confidence": 0.9}),
            (CallEventKind.HEARD, {"text": "", "confidence": 0.0}),
            (CallEventKind.ENDED, {"by": "flow", "outcome": "completed", "cause": 16}),
        )
    )
    assert (call.flow, call.flow_version, call.language) == ("hotline", "abc", "en")
    assert call.path == ("language", "main")
    assert call.heard == ("2", "order")
    assert call.answered_at == START + timedelta(seconds=1)
    assert call.duration_seconds == 9
    assert (call.outcome, call.ended_by, call.cause) == (Outcome.COMPLETED, "flow", 16)
    assert call.last_seq == 10


def test_an_agent_who_answered_or_a_queue_that_was_left_names_the_outcome() -> None:
    answered = (CallEventKind.AGENT_CONNECTED, {"queue": "orders", "agent": "anna", "waited_seconds": 3.0})
    gone = (CallEventKind.QUEUE_LEFT, {"queue": "orders", "outcome": "abandoned"})
    ended = (CallEventKind.ENDED, {"by": "caller", "outcome": "completed", "cause": 16})
    call = fold(log(RECEIVED, answered, ended))
    assert (call.outcome, call.agent) == (Outcome.COMPLETED, "anna")
    given_on = {"agent": "anna", "kind": "queue", "target": "sales", "how": "blind"}
    given = fold(log(RECEIVED, answered, (CallEventKind.TRANSFERRED, given_on), answered, ended))
    assert given.outcome is Outcome.TRANSFERRED
    assert fold(log(RECEIVED, gone, ended)).outcome is Outcome.ABANDONED
    assert fold(log(RECEIVED, answered, gone, ended)).outcome is Outcome.COMPLETED
    late = (CallEventKind.QUEUE_LEFT, {"queue": "orders", "outcome": "timeout"})
    assert fold(log(RECEIVED, late, ended)).outcome is Outcome.COMPLETED


def test_a_message_or_a_transfer_names_the_outcome_before_the_end_does() -> None:
    message = (CallEventKind.MESSAGE_LEFT, {"box": "b", "recording": "x.wav", "seconds": 3.0})
    ended = (CallEventKind.ENDED, {"by": "caller", "outcome": "completed", "cause": 16})
    left = fold(log(RECEIVED, message, ended))
    assert (left.outcome, left.recording) == (Outcome.VOICEMAIL, "x.wav")
    talked = (CallEventKind.TRANSFER_ENDED, {"number": "200", "outcome": "completed", "seconds": 9.0})
    assert fold(log(RECEIVED, talked, ended)).outcome is Outcome.TRANSFERRED
    busy = (CallEventKind.TRANSFER_ENDED, {"number": "200", "outcome": "busy", "seconds": 0.0})
    assert fold(log(RECEIVED, busy, ended)).outcome is Outcome.COMPLETED


def test_folding_goes_on_where_it_stopped() -> None:
    events = log(
        RECEIVED,
        (CallEventKind.ANSWERED, {}),
        (CallEventKind.STEP_ENTERED, {"step": "a", "verb": "say"}),
        (CallEventKind.ENDED, {"by": "caller", "outcome": "abandoned", "cause": None}),
    )
    assert fold(events[2:], fold(events[:2])) == fold(events)


def test_a_log_must_begin_with_the_arrival() -> None:
    with pytest.raises(ValueError, match="begins with answered"):
        fold(log((CallEventKind.ANSWERED, {})))
    with pytest.raises(ValueError, match="without events"):
        fold([])


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [(17, "busy"), (19, "no_answer"), (18, "no_answer"), (21, "refused"), (1, "unallocated"), (22, "changed"),
     (34, "congestion"), (127, "failed"), (0, "failed")],
)  # fmt: skip
def test_causes_of_unanswered_legs(cause: int, outcome: str) -> None:
    assert outcome_of_unanswered(cause).value == outcome
