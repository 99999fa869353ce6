"""NotCalled: why a campaign's leads are not called, counted while an engine dials for it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from dialer.lead_plan import LeadPlan
from dialer.reasons import ReasonCode
from engine.dialling.held import Held, iso

SHOWN = 20
TOLD = 3


class NotCalled:
    """`in_row`: leads that the gate refused for ever since the last one that was called."""

    def __init__(self) -> None:
        self.in_row = 0
        self.due_at: datetime | None = None  # when the first of those that wait may be called
        self._reasons: Counter[str] = Counter()

    def called(self) -> None:
        self.in_row = 0

    def count(self, planned: LeadPlan) -> None:
        reason = planned.lead.reason
        forever = reason.code is ReasonCode.GATE_FOREVER
        self.in_row = self.in_row + 1 if forever else 0
        rule = f" by {reason.data['rule']}" if "rule" in reason.data else ""
        self._reasons[f"{reason.code.value}{rule}"] += 1

    def counts(self) -> dict[str, int]:
        """The most frequent, as "gate by us-tsr/hours": 12."""
        return dict(self._reasons.most_common(SHOWN))

    def note(self) -> str:
        """The most frequent in a few words; "": nobody was refused."""
        return ", ".join(f"{reason}: {count}" for reason, count in self._reasons.most_common(TOLD))

    def nobody_due(self, leads_left: int | None) -> Held:
        """Leads are left, and none of them may be called now."""
        data: dict[str, object] = {"leads": leads_left or 0, "until": None, "reasons": self.counts()}
        sentence = f"None of the {leads_left or 0} leads that are left may be called now."
        if self.due_at is not None:
            data["until"] = iso(self.due_at)
            sentence += f" The next one may be at {iso(self.due_at)}."
        if note := self.note():
            sentence += f" Held back so far: {note}."
        return Held("nobody_due", sentence, data)
