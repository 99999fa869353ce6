"""service: what a person asked for. A rule of this house, no law."""

from __future__ import annotations

from datetime import time

from compliance.facts import Purpose
from compliance.pack import Certainty, Pack
from compliance.rules.request_needed import RequestNeeded
from compliance.rules.requested_hours import RequestedHours

SERVICE = Pack(
    name="service",
    title="Contact that the person asked for",
    version="1",
    in_force_from=None,
    source="House rule",
    certainty=Certainty.HOUSE,
    rules=(
        RequestedHours(begins=time(8), ends=time(21)),
        RequestNeeded(purposes=(Purpose.MARKETING, Purpose.COLLECTIONS)),
    ),
)
