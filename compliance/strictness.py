"""Numbers of an operator's own: stricter than a pack's as they like, looser only by a recorded override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import time
from typing import Any

from compliance.facts import COUNTED_BACK
from compliance.finding import Rule, Stricter
from compliance.pack import ADJUSTABLE_LIMITS, CampaignLimits, Override, Pack

LIMITS = "limits"

# What a rule counts back must be in the history that it is given, to the first moment of the callee's day.
_DAYS_MOST = COUNTED_BACK.days - 1
_MOST = {"days": _DAYS_MOST, "hours": 24 * _DAYS_MOST}

Changes = Mapping[str, Mapping[str, object]]


class NotStricter(ValueError):
    """The message is one sentence that names the number and what it may be."""


def numbers_of(pack: Pack) -> dict[str, dict[str, object]]:
    """What `stricter` may change: rule (or "limits") -> number -> its value; times as time."""
    found = {rule.name: _numbers(rule, rule.adjustable) for rule in pack.rules}
    found[LIMITS] = _numbers(pack.limits, ADJUSTABLE_LIMITS)
    return {name: numbers for name, numbers in found.items() if numbers}


def stricter(pack: Pack, changes: Changes, override: Override | None = None) -> Pack:
    """The pack with `changes`: {"hours": {"begins": "09:00"}, "7-in-7": {"calls": 5}, "limits": {…}}.

    A number that would be looser raises NotStricter, unless `override` says who allowed it, why and when; it
    is then part of the pack, with what it changed, and of the reason of every decision.
    """
    known = numbers_of(pack)
    for name in changes:
        if name not in known:
            raise NotStricter(
                f"{pack.name} has no numbers {name!r}; those that can be changed are {_list(known)}"
            )
    looser: list[str] = []
    rules = tuple(
        _changed(pack, rule.name, rule, rule.adjustable, changes.get(rule.name, {}), looser)
        for rule in pack.rules
    )
    limits = _changed(pack, LIMITS, pack.limits, ADJUSTABLE_LIMITS, changes.get(LIMITS, {}), looser)
    if not looser:
        return replace(pack, rules=rules, limits=limits)
    if override is None:
        raise NotStricter(
            f"{pack.name}: {', '.join(looser)} would be looser than {pack.source}; "
            "only an administrator's override, with a name, a reason and a time, can allow it"
        )
    recorded = replace(override, changes=tuple(looser))
    return replace(pack, rules=rules, limits=limits, overrides=(*pack.overrides, recorded))


def _changed(
    pack: Pack,
    name: str,
    owner: Any,
    adjustable: Mapping[str, Stricter],
    changes: Mapping[str, object],
    looser: list[str],
) -> Any:
    """`owner` (a rule, or the limits) with its new numbers; those that are looser are noted in `looser`."""
    known = _numbers(owner, adjustable)
    values: dict[str, Any] = {}
    for field, given in changes.items():
        place = f"{pack.name}: {name}.{field}"
        if field not in known:
            raise NotStricter(f"{place} is no number of it; there are {_list(known)}")
        old: Any = known[field]
        new: Any = _value(place, given, old)
        if field in _MOST and new > _MOST[field]:
            raise NotStricter(f"{place} must be at most {_MOST[field]}: no contact before that is counted")
        if (new > old) if adjustable[field] is Stricter.LOWER else (new < old):
            looser.append(f"{name}.{field} {_shown(old)} -> {_shown(new)}")
        values[field] = new
    changed = replace(owner, **values)
    for first, last in (("begins", "ends"), ("rest_begins", "rest_ends")):
        if values.keys() & {first, last} and getattr(changed, first) >= getattr(changed, last):
            raise NotStricter(f"{pack.name}: {name}.{first} must be before {name}.{last}")
    return changed


def _numbers(owner: Rule | CampaignLimits, adjustable: Mapping[str, Stricter]) -> dict[str, object]:
    present = {field.name for field in fields(owner)}  # type: ignore[arg-type]
    values = {field: getattr(owner, field) for field in adjustable if field in present}
    return {field: value for field, value in values.items() if value is not None}


def _value(place: str, given: object, old: object) -> object:
    """`given` as a number of the kind of `old`."""
    if isinstance(old, time):
        if isinstance(given, str):
            try:
                given = time.fromisoformat(given)
            except ValueError:
                given = None
        if not isinstance(given, time) or given.tzinfo is not None:
            raise NotStricter(f'{place} must be a time of day such as "09:00"')
        return given
    if isinstance(given, bool) or not isinstance(given, int if isinstance(old, int) else int | float):
        kind = "a whole number" if isinstance(old, int) else "a number"
        raise NotStricter(f"{place} must be {kind} of 0 or more")
    if not 0 <= given <= 10_000:
        raise NotStricter(f"{place} must be from 0 to 10000")
    return given


def _shown(value: object) -> str:
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _list(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"
