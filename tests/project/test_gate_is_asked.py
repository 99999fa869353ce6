"""Nobody is contacted past the gate: each place that calls people or queues messages for them is named here.

A new one must ask the gate before, and is then added to this list by whoever reviewed it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("acd", "asterisk", "calls", "channels", "console", "engine", "infolinia", "ivr", "store")

PLACES = {
    # An agent's telephone, or the party to whom a caller asked to be put through.
    r"\.originate\(": {
        "engine/placing/ringing.py": "rings whom engine.placing.outbound has asked the gate about",
        "engine/transfer.py": "connects a caller who waits",
        "engine/talks/agent_ringing.py": "rings an agent",
        "engine/talks/lines.py": "an agent asks for advice, or gives away a call that goes on",
        "engine/placing/manual_call.py": "rings whom engine.placing.manual_placing has asked the gate about",
        "engine/dialling/campaign_call.py": "rings whom engine.dialling.lead_calling asked the gate about",
        "engine/simulated_caller.py": "calls our own number",
    },
    # Rows of the outbox from which text messages are sent.
    r"\"sms\",\s*\{|row\(\s*\"sms\"": {
        "engine/outbox_jobs.py": "is called by engine.errands, which asks the gate before",
    },
}


@pytest.mark.parametrize("pattern", PLACES)
def test_nobody_is_contacted_past_the_gate(pattern: str) -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert found <= PLACES[pattern].keys(), "ask engine.gatekeeper's Gate before, then name the place here"
    assert found, "the pattern finds nothing any more: this test no longer guards anything"


@pytest.mark.parametrize(
    "file",
    [
        "engine/placing/outbound.py",
        "engine/placing/manual_placing.py",
        "engine/dialling/lead_calling.py",
        "engine/errands.py",
    ],
)
def test_who_contacts_people_asks_before(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(r"gate\.ask\(", text)
