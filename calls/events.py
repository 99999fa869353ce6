"""CallEvent: one line of a call's append-only log. The Call row and every report are folded from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CallEventKind(StrEnum):
    """What happened. The keys of `CallEvent.data` are listed behind each kind."""

    RECEIVED = "received"  # caller, dialled, trunk, network_id, direction, node, wideband
    ANSWERED = "answered"
    FLOW_STARTED = "flow_started"  # flow, version
    STEP_ENTERED = "step_entered"  # step, verb
    LANGUAGE_CHOSEN = "language_chosen"  # language
    SAID = "said"  # text, language, interrupted, seconds
    KEY_PRESSED = "key_pressed"  # key ("*" for a secret one)
    HEARD = "heard"  # text, confidence, seconds, language
    UNDERSTOOD = "understood"  # step, choice or value, by ("key" or "speech"), confidence
    NOT_UNDERSTOOD = "not_understood"  # step, why ("silent", "unclear"), attempt
    VALUE_SET = "value_set"  # name, value (absent when secret)
    MESSAGE_LEFT = "message_left"  # box, recording, seconds
    TRANSFER_STARTED = "transfer_started"  # number, leg
    TRANSFER_ENDED = "transfer_ended"  # number, outcome, seconds
    LEG_CHANGED = "leg_changed"  # leg, role, state, cause
    TROUBLE = "trouble"  # what, detail
    RESUMED = "resumed"  # why: the engine was restarted, Asterisk reconnected
    RECONCILED = "reconciled"  # source: the call was found in Asterisk's own log afterwards
    ENDED = "ended"  # by ("caller", "flow", "network", "fault", "engine"), cause, outcome


@dataclass(frozen=True, slots=True)
class CallEvent:
    """`seq` counts from 1 within a call; `at` is aware UTC; `data` is a JSON object."""

    call_id: str
    seq: int
    at: datetime
    kind: CallEventKind
    data: Mapping[str, object] = field(default_factory=dict)
