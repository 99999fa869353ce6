"""Points as requests write them, with the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compliance.facts import Channel
from console.api.contact_shapes import NewPoint
from console.api.problem import FieldError, Problem
from engine.followup.composing import KINDS
from engine.registers.refusals import Missing, Refused
from history.interaction import ContactPoint
from history.points import point_of


def points_of(written: Sequence[NewPoint], region: str) -> tuple[ContactPoint, ...]:
    """In one form, each once. Raises Problem 422 naming each that is wrong."""
    points: dict[ContactPoint, None] = {}
    wrongs: list[FieldError] = []
    for number, one in enumerate(written):
        try:
            points[point_of(one.kind, one.value, region)] = None
        except ValueError as wrong:
            wrongs.append(FieldError(f"body.points[{number}].value", str(wrong)))
    if wrongs:
        raise Problem(422, "invalid", "A point cannot be read: see errors.", errors=wrongs)
    return tuple(points)


def one_point(written: NewPoint, region: str, place: str) -> ContactPoint:
    """Raises Problem 422; `place` as "body.point.value"."""
    try:
        return point_of(written.kind, written.value, region)
    except ValueError as wrong:
        error = FieldError(place, str(wrong))
        raise Problem(422, "invalid", "The point cannot be read.", errors=[error]) from None


def point_to(written: NewPoint, channel: Channel, region: str) -> ContactPoint:
    """`body.to` of a message. Raises Problem 422, and Refused where the channel wants another kind."""
    point = one_point(written, region, "body.to.value")
    if point.kind is not KINDS[channel]:
        raise Refused(f"By {channel} it goes to a {KINDS[channel]}, not a {point.kind}.", "to")
    return point


def asked_for(normal: Callable[[str], str], written: str | None, name: str) -> str | None:
    """A query's value in the form in which it is kept. Raises Problem 400."""
    if written is None:
        return None
    try:
        return normal(written)
    except ValueError as wrong:
        error = FieldError(f"query.{name}", str(wrong))
        raise Problem(400, "invalid", f"The query's {name} cannot be read.", errors=[error]) from None


def not_there(name: str, lacking: Missing) -> Problem:
    """A query that names what is not there."""
    wrong = FieldError(f"query.{name}", str(lacking))
    return Problem(400, "invalid", f"The query's {name} is not there.", errors=[wrong])
