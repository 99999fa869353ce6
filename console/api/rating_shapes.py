"""Grades as the API shows them."""

from __future__ import annotations

from console.api.operation import Shape
from console.api.shapes import Time
from engine.registers.ratings import RatingCount


class RatingsQuery(Shape):
    since: Time | None = None


class RatingShape(Shape):
    """`queue` and `agent` are of the talk before the question, "" of none. `average` null without grades."""

    queue: str
    agent: str
    rated: int
    declined: int
    average: float | None


class RatingList(Shape):
    items: list[RatingShape]


def rating_shape(one: RatingCount) -> RatingShape:
    average = None if one.average is None else round(one.average, 2)
    return RatingShape(
        queue=one.queue, agent=one.agent, rated=one.rated, declined=one.declined, average=average
    )
