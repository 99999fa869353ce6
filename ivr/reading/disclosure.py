"""Where a flow speaks of a debt: only behind a passed `verify` step, whichever way the caller came."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.reading.draft import Draft
from ivr.steps.body import FieldBody
from ivr.steps.verify import Verify
from wording.yaml_source import Problem

_PASSED = "verified"


def check_disclosure(draft: Draft) -> Iterator[Problem]:
    """Each step with `needs_verified` that is reached by anybody. A flow that others call is looked at in its
    place there; alone it is taken to be called by who was verified.
    """
    if draft.blind or draft.start is None or not any(one.body.needs_verified for one in draft.steps.values()):
        return
    ways = _unverified(draft)
    for name, step in draft.steps.items():
        if step.body.needs_verified and name in ways:
            yield draft.problem(
                name,
                (),
                f"step {name!r} is about a debt, and who comes to it {ways[name]} was not verified: "
                "lead to it behind 'verified' of a verify step",
            )


def _unverified(draft: Draft) -> dict[str, str]:
    """Steps that somebody who was not verified may come to -> by which way."""
    waiting = [] if draft.part.returns else [(draft.start or "", "first")]
    # Trouble and hanging up may come before anything was asked.
    waiting += [(draft.always[key], f"by always.{key}") for key in ("trouble", "gone") if key in draft.always]
    ways: dict[str, str] = {}
    while waiting:
        target, way = waiting.pop()
        name = draft.meant(target)
        if name is None or name in ways:
            continue
        ways[name] = way
        if name in draft.unread:  # it may have been meant to verify
            continue
        step = draft.steps.get(name)
        for edge in draft.edges[name]:
            if not (step is not None and isinstance(step.body, Verify) and edge.label == _PASSED):
                waiting.append((edge.target, f"from {name!r} by {edge.label}"))
        if step is not None and isinstance(step.body, FieldBody) and "agent" in draft.always:
            waiting.append((draft.always["agent"], "by always.agent"))
    return ways
