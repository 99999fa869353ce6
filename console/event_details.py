"""The short text beside an event of a call: the value that matters most in it."""

from __future__ import annotations

from collections.abc import Mapping

from calls.events import CallEvent, CallEventKind
from console.display import MASK, disposition_label, duration, phone, queue_name
from console.gate_telling import gate_told
from console.words import Words
from history.dispositions import Disposition

Kind = CallEventKind


NOBODY: Mapping[str, str] = {}
NO_DISPOSITIONS: Mapping[str, Disposition] = {}


def event_detail(
    event: CallEvent,
    words: Words,
    names: Mapping[str, str] = NOBODY,
    dispositions: Mapping[str, Disposition] = NO_DISPOSITIONS,
) -> str:
    """The short text at the right of an event: the value that matters most in it. `names`: of agents."""
    data = event.data

    def agent(key: str = "agent") -> str:
        name = str(data.get(key, ""))
        return names.get(name, name)

    match event.kind:
        case Kind.RECEIVED:
            return phone(str(data.get("dialled", "")))
        case Kind.FLOW_STARTED:
            return words("flow_version", flow=data["flow"], version=str(data["version"])[:8])
        case Kind.STEP_ENTERED:
            return str(data["step"])
        case Kind.LANGUAGE_CHOSEN:
            return words.get(f"language_{data['language']}", str(data["language"]))
        case Kind.SAID:
            return _seconds(data, words)
        case Kind.KEY_PRESSED:
            return str(data["key"])
        case Kind.HEARD:
            return _joined(_quoted(data.get("text"), words), _seconds(data, words))
        case Kind.UNDERSTOOD:
            value = data.get("choice", data.get("value", MASK))
            sure = data.get("confidence") if data.get("by") == "speech" else None
            return _joined(str(value), f"{number_of(sure, 0.0):.0%}" if sure is not None else "")
        case Kind.NOT_UNDERSTOOD:
            return words.get(f"why_{data.get('why')}", str(data.get("why", "")))
        case Kind.VALUE_SET:
            return f"{data.get('name')} = {data.get('value', MASK)}"
        case Kind.MESSAGE_LEFT:
            return duration(number_of(data.get("seconds"), 0.0))
        case Kind.TRANSFER_STARTED:
            return phone(str(data["number"]))
        case Kind.TRANSFER_ENDED:
            outcome = str(data.get("outcome", ""))
            return words.get(f"outcome_{outcome}", outcome)
        case Kind.WORK_DONE:
            return _joined(str(data.get("step", "")), _work_outcome(data, words))
        case Kind.FETCHED:
            status = data.get("status")
            return _joined(
                str(data.get("service", "")),
                words("no_answer_came") if status is None else str(status),
                _seconds(data, words),
            )
        case Kind.MESSAGE_QUEUED:
            return _joined(phone(str(data.get("to", ""))), _quoted(data.get("text"), words))
        case Kind.CONTACT_REFUSED:
            return _joined(phone(str(data.get("to", ""))), gate_told(str(data.get("reason") or ""), words))
        case Kind.CALLBACK_REQUESTED | Kind.CONTACT_STOPPED:
            return phone(str(data.get("number", "")))
        case Kind.CONSENT_KEPT:
            given = words("given_true" if data.get("given") else "given_false")
            return _joined(str(data.get("purpose", "")), given)
        case Kind.PROMISE_MADE:
            return _joined(f"{data.get('amount')} {data.get('currency')}", str(data.get("due", "")))
        case Kind.IDENTITY_CHECKED:
            return words("passed_true" if data.get("passed") else "passed_false")
        case Kind.CLIP_RECORDED:
            return duration(number_of(data.get("seconds"), 0.0))
        case Kind.DETECTED:
            return _joined(str(data.get("verdict", "")), _seconds(data, words))
        case Kind.NO_AGENT:
            return queue_name(str(data.get("queue", "")))
        case Kind.RATED:
            rating = data.get("rating")
            return words("declined") if rating is None else str(rating)
        case Kind.QUEUED:
            place = words("queue_place", place=data.get("position"))
            return _joined(queue_name(str(data.get("queue", ""))), place)
        case (
            Kind.AGENT_OFFERED | Kind.AGENT_MISSED | Kind.AGENT_CONNECTED | Kind.AGENT_LOST | Kind.TALK_ENDED
        ):
            return agent()
        case Kind.CONSULT_STARTED | Kind.CONSULT_ENDED | Kind.CONFERENCE_STARTED | Kind.TRANSFERRED:
            return _joined(agent(), phone(agent("target")))
        case Kind.SUPERVISED | Kind.SUPERVISION_ENDED:
            mode = words.get(f"floor_mode_{data.get('mode')}", "")
            return _joined(agent("supervisor"), agent(), mode)
        case Kind.WRAPPED_UP:
            return _joined(agent(), disposition_label(data.get("disposition"), dispositions, words))
        case Kind.TALK_RESUMED:
            return _seconds(data, words)
        case Kind.RECORDING_ENDED:
            return duration(number_of(data.get("seconds"), 0.0))
        case Kind.QUEUE_LEFT:
            outcome = str(data.get("outcome", ""))
            return _joined(
                queue_name(str(data.get("queue", ""))), words.get(f"queue_left_{outcome}", outcome)
            )
        case Kind.LEG_CHANGED:
            role, state = str(data.get("role", "")), str(data.get("state", ""))
            return _joined(words.get(f"role_{role}", role), words.get(f"leg_{state}", state))
        case Kind.TROUBLE:
            return _joined(str(data.get("what", "")), str(data.get("detail", "")))
        case Kind.RESUMED:
            return str(data.get("why", ""))
        case Kind.RECONCILED:
            return str(data.get("source", ""))
        case Kind.ENDED:
            return words.get(f"by_{data.get('by')}", "")
        case _:
            return ""


def _work_outcome(data: Mapping[str, object], words: Words) -> str:
    """Nothing of work that went as it should."""
    outcome = str(data.get("outcome", ""))
    if data.get("verb") == "queue" and (left := words.get(f"queue_left_{outcome}", "")):
        return left
    return "" if outcome == "next" else words.get(f"way_{outcome}", outcome)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _quoted(text: object, words: Words) -> str:
    return words("quoted", text=text) if text else ""


def _seconds(data: Mapping[str, object], words: Words) -> str:
    seconds = data.get("seconds")
    if seconds is None:
        return ""
    return words("seconds", seconds=f"{number_of(seconds, 0.0):.1f}".replace(".", words("decimal_mark")))


def number_of(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default
