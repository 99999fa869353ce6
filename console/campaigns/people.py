"""What people and systems are called who did something to a lead or a campaign, and how they closed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.display import labelled
from console.words import Words
from dialer.checking import Known
from engine.registers.accounts import People
from engine.registers.actor import ActorKind
from engine.registers.refusals import Missing


async def names_of(references: Iterable[object], people: People, words: Words) -> Mapping[str, str]:
    """Of references such as "person:ID"; one that is none is left out."""
    names: dict[str, str] = {}
    for reference in {one for one in references if isinstance(one, str)}:
        kind, _, id_there = reference.partition(":")
        if kind == ActorKind.PERSON:
            try:
                names[reference] = (await people.get(id_there)).name
            except Missing:
                continue
        elif kind in (ActorKind.TOKEN, ActorKind.COMMAND, ActorKind.ENGINE):
            names[reference] = words(f"changer_{kind}")
    return names


def disposition_names(known: Known, words: Words) -> Mapping[str, str]:
    """Labels of dispositions, by "disposition:NAME", beside the people whom a reason refers to."""
    labels = known.disposition_labels
    return {f"disposition:{name}": labelled(label, name, words) for name, label in labels.items()}
