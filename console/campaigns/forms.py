"""A campaign's form, read: what was typed becomes a campaign, or sentences beside the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from compliance.facts import Mode, Purpose
from console.api.campaign_shapes import CampaignSettings
from console.campaigns.fields import Field, Kind, WrongInput, place_of, read, typed_in, written
from console.display import labelled
from console.words import LANGUAGES, Words
from dialer.campaign import Campaign, CampaignKind
from dialer.checking import Known
from dialer.machine import Detect, OnMachine
from dialer.preview import PreviewEnd
from history.folding import words_of

ID = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_ID_MOST = 60
_READER: TypeAdapter[Campaign] = TypeAdapter(Campaign)
_ENUMS: Mapping[str, Sequence[str]] = {
    "kind": tuple(CampaignKind),
    "purpose": tuple(Purpose),
    "mode": tuple(mode for mode in Mode if mode is not Mode.MANUAL),
    "machine.detect": tuple(Detect),
    "preview.end": tuple(PreviewEnd),
    "machine.on_machine": tuple(OnMachine),
}
_BOUNDS = {
    "greater_than": ("gt", "campaign_wrong_above"),
    "greater_than_equal": ("ge", "campaign_wrong_least"),
    "less_than_equal": ("le", "campaign_wrong_most"),
}
_NO_RECYCLING = {"after_seconds": 0, "most": 0, "next_number": False}

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a form: what it holds, what may be chosen (name, its word, chosen), what is wrong."""

    field: Field
    value: str
    choices: tuple[tuple[str, str, bool], ...] = ()
    wrong: tuple[str, ...] = ()
    # Of the campaign's checks.
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Typed:
    """What a form had: `texts` by path, `wrong` by path in the reader's language."""

    texts: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, sentence: str) -> None:
        told = self.wrong.setdefault(path, [])
        if sentence not in told:
            told.append(sentence)


def new_settings(time_zone: str, most_lines: int | None) -> Settings:
    """Of a campaign that nobody has made yet; it has no more lines than there are."""
    wanted = CampaignSettings(
        name="-",
        kind=CampaignKind.SALES,
        mode=Mode.PROGRESSIVE,
        purpose=Purpose.MARKETING,
        time_zone=time_zone,
    )
    lines = wanted.lines if most_lines is None else min(wanted.lines, most_lines)
    return {**wanted.model_dump(), "name": "", "lines": lines}


def settings_of(campaign: Campaign) -> Settings:
    return CampaignSettings.model_validate(campaign, from_attributes=True).model_dump()


def fill_in(
    settings: Settings, fields: Sequence[Field], form: Mapping[str, str], words: Words
) -> tuple[CampaignSettings | None, Typed]:
    """The settings with what was typed; None when something of it cannot be read."""
    typed = Typed()
    for one in fields:
        typed.texts[one.path] = text = typed_in(one, form)
        try:
            _put(settings, one.path, read(one, text))
        except WrongInput as wrong:
            typed.add(one.path, words(wrong.key))
    _tidy(settings)
    if typed.wrong:
        return None, typed
    try:
        return CampaignSettings.model_validate(settings), typed
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            path = ".".join(map(str, error["loc"]))
            bound, key = _BOUNDS.get(error["type"], ("", "campaign_wrong_value"))
            limit = error.get("ctx", {}).get(bound)
            typed.add(place_of(path, fields) or fields[0].path, words(key, None, limit=limit))
        return None, typed


def campaign_of(settings: CampaignSettings, id: str, now: datetime) -> Campaign:
    times = {"created_at": now, "updated_at": now}
    return _READER.validate_python({**settings.model_dump(), **times, "id": id})


def with_settings(known: Campaign, settings: CampaignSettings) -> Campaign:
    """The campaign as it is, but for all that can be chosen."""
    wanted = campaign_of(settings, known.id, known.created_at)
    return replace(known, **{name: getattr(wanted, name) for name in CampaignSettings.model_fields})


def id_of(name: str) -> str:
    """ "The Spring call" -> "the-spring-call"; "" when its letters make none."""
    plain = "-".join(re.sub(r"[^a-z0-9]", "", word) for word in words_of(name))
    found = re.sub(r"-+", "-", plain).strip("-")[:_ID_MOST].strip("-")
    return found if ID.fullmatch(found) else ""


def shown(
    one: Field,
    settings: Settings,
    known: Known,
    words: Words,
    typed: Typed,
    mistakes: Mapping[str, Sequence[tuple[str, bool]]],
) -> Shown:
    """`mistakes`: by the path of the field, each with whether it blocks."""
    text = typed.texts.get(one.path)
    value = written(one, _got(settings, one.path)) if text is None else text
    said = mistakes.get(one.path, ())
    return Shown(
        one,
        value,
        tuple(_choices(one, value, known, words)),
        tuple(typed.wrong.get(one.path, ())),
        tuple(sentence for sentence, blocks in said if blocks),
        tuple(sentence for sentence, blocks in said if not blocks),
    )


def _choices(one: Field, value: str, known: Known, words: Words) -> list[tuple[str, str, bool]]:
    if one.kind is Kind.ENUM:
        return [(str(name), words(f"{one.words}{name}"), name == value) for name in _ENUMS[one.path]]
    if one.kind not in (Kind.CHOICE, Kind.NAMES):
        return []
    chosen = set(value.split(", ")) - {""} if one.kind is Kind.NAMES else {value} - {""}
    shown = {name: _word(one, name, known, words) for name in sorted({*getattr(known, one.names), *chosen})}
    return [(name, word, name in chosen) for name, word in shown.items()]


def _word(one: Field, name: str, known: Known, words: Words) -> str:
    """What people call it; most names are people's own."""
    if one.names == "dispositions" and name in known.disposition_labels:
        return labelled(known.disposition_labels[name], name, words)
    return LANGUAGES.get(name, name) if one.names == "spoken" else name


def _got(settings: Settings, path: str) -> object:
    found: object = settings
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    if path == "retry.best_time":
        return found["parts"] if isinstance(found, Mapping) else None
    return found


def _put(settings: Settings, path: str, value: object) -> None:
    *ways, last = path.split(".")
    place = settings
    for way in ways:
        if place.get(way) is None:
            place[way] = dict(_NO_RECYCLING) if place is settings["retry"]["recycling"] else {}
        place = place[way]
    place[last] = value


def _tidy(settings: Settings) -> None:
    """A goal without a count is none; what is tried again no time is no rule, but where it was one."""
    goal = settings.get("goal")
    if goal is not None and goal.get("count") is None:
        settings["goal"] = None
    recycling = settings["retry"]["recycling"]
    for result in [name for name, rule in recycling.items() if rule == _NO_RECYCLING]:
        del recycling[result]
