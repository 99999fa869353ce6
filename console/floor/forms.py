"""The forms of an agent's page, read: what a supervisor changes, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from acd.agents import AgentStatus
from engine.floor.changes import FloorRefused
from history.names import cleaned

Form = Mapping[str, str]

REASON_MOST = 500
_BREAK = "break:"
_SKILL = re.compile(r"([a-z][a-z0-9_-]{0,31})(?:\s*[=: ]\s*([1-5]))?")


def written_reason(form: Form) -> str:
    """A supervisor's own words. Raises FloorRefused when there are none."""
    why = cleaned(form.get("why", ""))
    if why is None:
        raise FloorRefused("why", "Say why: the audit log keeps it.")
    if len(why) > REASON_MOST:
        raise FloorRefused("why_long", f"Say it in {REASON_MOST} letters at most.")
    return why


def status_of(
    form: Form, breaks: Collection[str], settable: Collection[AgentStatus]
) -> tuple[AgentStatus, str]:
    """The status, and the name of a break. Raises FloorRefused."""
    written = form.get("status", "")
    if written.startswith(_BREAK) and written.removeprefix(_BREAK) in breaks:
        return AgentStatus.BREAK, written.removeprefix(_BREAK)
    if written in {status.value for status in settable}:
        return AgentStatus(written), ""
    raise FloorRefused("status", "Choose one of the statuses of the list.")


def skills_of(form: Form) -> tuple[dict[str, int], int]:
    """`english 5, polish 3` -> levels, and the version that the page showed. Raises FloorRefused."""
    skills: dict[str, int] = {}
    for written in filter(None, (part.strip() for part in form.get("skills", "").lower().split(","))):
        found = _SKILL.fullmatch(written)
        if found is None:
            raise FloorRefused(
                "skills", "Write skills with their levels from 1 to 5, as “english 5, polish 3”."
            )
        skills[found[1]] = int(found[2] or 1)
    version = form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise FloorRefused("version", "Load the page anew, then try again.")
    return skills, int(version)
