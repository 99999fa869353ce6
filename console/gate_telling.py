"""Why the gate refuses, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.refusal_reasons import RefusalReason, read
from console.words import Words

# Gaps that are names, and the begin of the names' words.
_NAMED = {
    "purpose": "purpose_",
    "channel": "gate_channel_",
    "mode": "campaign_mode_",
    "scope": "gate_scope_",
}
_COUNTED = ("calls", "conversations", "messages")


def gate_told(kept: str | None, words: Words) -> str:
    """Of a sentence that the gate gave, now or long ago; one that is not the gate's stays as it is."""
    told = read(kept) if kept else None
    if told is None:
        return kept or ""
    parts = [] if told.reason is None else [_reason(told.reason, words)]
    if told.looser is not None:
        pack, changes = told.looser
        parts.append(words("gate_looser", None, pack=pack, changes=changes))
    return " ".join(parts)


def _reason(reason: RefusalReason, words: Words) -> str:
    count = next((int(reason.data[gap]) for gap in _COUNTED if gap in reason.data), None)
    return words(f"gate_reason_{reason.code}", count, **_gaps(reason.data, words))


def _gaps(data: Mapping[str, str], words: Words) -> dict[str, str]:
    return {
        gap: words.get(_NAMED[gap] + value, value) if gap in _NAMED else value
        for gap, value in data.items()
        if gap not in _COUNTED
    }
