"""CallEvent: one line of a call's append-only log. The Call row and every report are folded from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CallEventKind(StrEnum):
    """What happened. The keys of `CallEvent.data` are listed behind each kind."""

    # caller, dialled, trunk, network_id, direction, node, wideband; of a call that we place also flow,
    # purpose, mode, campaign, debt, ring_seconds, language, variables, ordered_by; one that an agent placed
    # has agent and queue in place of flow; of a campaign with agents connect_seconds, message and detection
    RECEIVED = "received"
    ANSWERED = "answered"
    DETECTED = "detected"  # verdict ("human", "machine", "unsure"), seconds, why: what answered
    FLOW_STARTED = "flow_started"  # flow, version
    # step, verb; behind a branch or opening hours also came_from, because, and otherwise (another step)
    STEP_ENTERED = "step_entered"
    LANGUAGE_CHOSEN = "language_chosen"  # language
    SAID = "said"  # text, language, interrupted, seconds
    KEY_PRESSED = "key_pressed"  # key ("*" for a secret one)
    HEARD = "heard"  # text, confidence, seconds, language
    # step, choice or value, by ("key" or "speech"), confidence, needed (without it, "yes" was asked for)
    UNDERSTOOD = "understood"
    NOT_UNDERSTOOD = "not_understood"  # step, why ("silent", "unclear", "wrong"), attempt
    VALUE_SET = "value_set"  # name, value (absent when secret)
    MESSAGE_LEFT = "message_left"  # box, recording, seconds
    TRANSFER_STARTED = "transfer_started"  # number, leg
    TRANSFER_ENDED = "transfer_ended"  # number, outcome, seconds
    WORK_DONE = "work_done"  # step, verb, outcome ("late": it was given up)
    FETCHED = "fetched"  # service, method, path, status (None: no answer), seconds, error
    MESSAGE_QUEUED = "message_queued"  # channel, to, text
    CALLBACK_REQUESTED = "callback_requested"  # campaign, number, within_seconds
    CONTACT_REFUSED = "contact_refused"  # channel, to, purpose, rule, reason, next_allowed_at
    CONSENT_KEPT = "consent_kept"  # purpose, given, by ("key", "speech", "silence"), channels
    CONTACT_STOPPED = "contact_stopped"  # number, channels
    PROMISE_MADE = "promise_made"  # amount, currency, due, reference, instalments, every, debt
    IDENTITY_CHECKED = "identity_checked"  # by ("code", "attribute", "debt"), passed
    CLIP_RECORDED = "clip_recorded"  # recording, seconds
    RATED = "rated"  # step, rating (None: declined)
    QUEUED = "queued"  # queue, position
    # queue, agent, leg; of a queue's offer strategy, others, considered (agent, why, idle_seconds, lacks)
    AGENT_OFFERED = "agent_offered"
    AGENT_MISSED = "agent_missed"  # queue, agent, outcome
    AGENT_CONNECTED = "agent_connected"  # queue, agent, waited_seconds, room (of a campaign's call)
    QUEUE_LEFT = "queue_left"  # queue, outcome, waited_seconds, talked_seconds
    AGENT_LOST = "agent_lost"  # queue, agent, cause: the caller goes back to the front of the queue
    NO_AGENT = "no_agent"  # queue, waited_seconds: a person answered a campaign's call, in vain
    TALK_HELD = "talk_held"  # agent
    TALK_RESUMED = "talk_resumed"  # agent, seconds
    KEYS_SENT = "keys_sent"  # agent, keys (each as "*")
    CONSULT_STARTED = "consult_started"  # agent, kind ("agent", "number"), target, leg, blind
    CONSULT_ENDED = "consult_ended"  # agent, target, outcome, seconds
    TRANSFERRED = "transferred"  # agent, kind, target, how ("blind", "attended")
    CONFERENCE_STARTED = "conference_started"  # agent, target
    PARTY_LEFT = "party_left"  # leg, role
    TALK_ENDED = "talk_ended"  # agent, by, talked_seconds, held_seconds
    RECORDING_STARTED = "recording_started"  # recording, basis ("consent", "notice", "setting")
    RECORDING_PAUSED = "recording_paused"  # recording, agent
    RECORDING_RESUMED = "recording_resumed"  # recording, agent
    RECORDING_ENDED = "recording_ended"  # recording, seconds
    SUPERVISED = "supervised"  # supervisor, agent, mode ("listen", "whisper", "barge")
    SUPERVISION_ENDED = "supervision_ended"  # supervisor, agent, seconds
    WRAPPED_UP = "wrapped_up"  # agent, disposition, seconds: comes behind `ended`
    LEG_CHANGED = "leg_changed"  # leg, role, state, cause
    TROUBLE = "trouble"  # what, detail, recording (whose sound is not all there)
    RESUMED = "resumed"  # why: the engine was restarted, Asterisk reconnected
    RECONCILED = "reconciled"  # source: the call was found in Asterisk's own log afterwards
    # by ("caller", "flow", "agent", "network", "fault", "engine", "supervisor", "api"), cause, outcome
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CallEvent:
    """`seq` counts from 1 within a call; `at` is aware UTC; `data` is a JSON object."""

    call_id: str
    seq: int
    at: datetime
    kind: CallEventKind
    data: Mapping[str, object] = field(default_factory=dict)
