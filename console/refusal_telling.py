"""Why a register refuses a change, or a window cannot be kept, in the reader's language."""

from __future__ import annotations

from console.words import Words
from engine.registers.refusals import Refused
from history.callback_windows import WrongWindow

# Gaps that are names by the code of the refusal, and the begin of the names' words.
_NAMED = {
    ("campaign_move", "state"): "campaign_state_",
    ("campaign_move", "possible"): "campaign_move_",
    ("debt_move", "state"): "debt_state_",
    ("callback_over", "state"): "callback_state_",
    ("lead_not_over", "state"): "lead_state_",
    ("lead_move", "state"): "lead_state_",
    ("mailing_move", "state"): "mailing_state_",
    ("mailing_move", "possible"): "mailing_order_",
}


def refusal_told(refused: Refused | WrongWindow, words: Words) -> str:
    """One sentence with the remedy; of a refusal without a code its own, which is English."""
    if not refused.code:
        return str(refused)
    gaps = {gap: _told(refused.code, gap, value, words) for gap, value in refused.data.items()}
    return words(f"refused_{refused.code}", None, **gaps)


def _told(code: str, gap: str, value: object, words: Words) -> str:
    begin = _NAMED.get((code, gap))
    found = value if isinstance(value, tuple) else (value,)
    told = [words.get(f"{begin}{one}", str(one)) if begin else str(one) for one in found]
    return ", ".join(told) or "–"
