"""One-time codes as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from console.api.callback_shapes import Language
from console.api.contact_shapes import NewPoint
from console.api.operation import Shape
from console.api.shapes import PLAIN, Time


class NewCode(Shape):
    to: Annotated[NewPoint, Field(description="Where the code goes: a number, or an address of the channel.")]
    channel: Literal["sms", "email", "push", "messenger"] = "sms"
    template: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z][a-z0-9_-]{0,59}$",
            description="One with {code}; left out: the hotline's own words.",
        ),
    ] = None
    language: Annotated[Language | None, Field(description="Where the person's is not known.")] = None
    length: Annotated[int, Field(ge=4, le=10)] = 6
    letters: Annotated[bool, Field(description="Letters too, without those taken for each other.")] = False
    lifetime_seconds: Annotated[int, Field(ge=60, le=86_400)] = 600
    attempts: Annotated[int, Field(ge=1, le=20, description="Wrong codes until none is right.")] = 5


class CodeShape(Shape):
    id: str
    message_id: str
    length: int
    sent_at: Time
    expires_at: Time
    attempts_left: int
    used_at: Time | None


class Entered(Shape):
    code: Annotated[str, Field(min_length=1, max_length=40, pattern=PLAIN)]


class CheckedCode(Shape):
    verdict: Annotated[
        Literal["right", "wrong", "expired", "used", "too_often"],
        Field(description="A right code is used up by it."),
    ]
    attempts_left: int
