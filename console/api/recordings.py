"""/recordings: talks that were recorded, their sound and what was said in them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import Problem, ProblemDoc, told_as_problems
from console.api.shapes import Reason, Time
from console.recordings import TYPES, opened_talk, own_name, send_sound
from engine.registers.recordings import (
    Recording,
    RecordingBasis,
    RecordingFiles,
    RecordingFilter,
    RecordingRegister,
    RecordingState,
    TranscriptState,
)

_TAG = "recordings"
_ID = r"^[A-Za-z0-9._-]{1,100}$"
_DAMAGED = ProblemDoc(409, "The file was changed, cut off or encrypted with another key (kind `damaged`).")


class RecordingsQuery(PageQuery):
    call: Annotated[str | None, Field(pattern=_ID, description="Of this call.")] = None
    contact: Annotated[str | None, Field(pattern=_ID, description="Of all calls of this contact.")] = None
    agent: Annotated[str | None, Field(pattern=_ID, description="Of this agent.")] = None
    since: Annotated[Time | None, Field(description="Begun at or after it.")] = None
    until: Annotated[Time | None, Field(description="Begun before it.")] = None


class DeletionQuery(Shape):
    reason: Annotated[Reason, Field(description="Why; it stays in the audit log.")]


class RecordingShape(Shape):
    id: str
    call_id: str
    agent: str
    queue: Annotated[str | None, Field(description="None: the agent had dialled.")]
    basis: Annotated[RecordingBasis, Field(description="The caller's consent, a notice, or the setting.")]
    started_at: Time
    seconds: float | None
    state: RecordingState
    codec: Annotated[str | None, Field(description="flac or opus; the agent is left, the caller right.")]
    bytes: int | None
    sha256: Annotated[str | None, Field(description="Of the sound as it is given out.")]
    language: str | None
    pauses: Annotated[list[list[float]], Field(description="[from, to] in seconds from the beginning.")]
    transcript_state: TranscriptState
    detail: Annotated[str | None, Field(description="What is wrong with it.")]


class WordShape(Shape):
    text: str
    start: Annotated[float, Field(description="In seconds from the beginning.")]
    end: float
    confidence: Annotated[float, Field(description="From 0 to 1.")]


class SpokenShape(Shape):
    side: Annotated[str, Field(description="agent or caller")]
    words: list[WordShape]


class WholeRecording(RecordingShape):
    transcript: list[SpokenShape]


class RecordingPage(Shape):
    items: list[RecordingShape]
    next: str | None


class RecordingsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.RECORDINGS_READ, "role": Role.AGENT}
        one = "/recordings/{recording_id}"
        get = partial(Operation, "GET")
        return (
            get(
                "/recordings",
                "list_recordings",
                self._list,
                "Recorded talks, the latest first",
                description="An agent is shown their own.",
                query=RecordingsQuery,
                answer=RecordingPage,
                notes="recording.seen",
                **read,
            ),
            get(
                one,
                "get_recording",
                self._get,
                "One recorded talk, with its transcript",
                answer=WholeRecording,
                notes="recording.seen",
                **read,
            ),
            get(
                f"{one}/audio",
                "get_recording_audio",
                self._audio,
                "Its sound, whole or by Range",
                answer_types=TYPES,
                problems=(_DAMAGED,),
                notes="recording.heard",
                **read,
            ),
            Operation(
                "DELETE",
                one,
                "delete_recording",
                self._delete,
                "Delete a recorded talk and its transcript, with a reason",
                description="That there was one stays. What is under legal hold stays too.",
                query=DeletionQuery,
                tag=_TAG,
                scope=Scope.RECORDINGS_WRITE,
                role=Role.MANAGER,
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        query: RecordingsQuery = asked.query
        own = await self._own(asked)
        if own is not None and query.agent not in (None, own):
            return Answer(RecordingPage(items=[], next=None))
        after = after_of(query.cursor, "time", "id")
        wanted = RecordingFilter(
            query.call, query.contact, own if own is not None else query.agent, query.since, query.until
        )
        page = await self._register.page(wanted, limit=query.limit, after=after)
        items = [RecordingShape.model_validate(_form(one)) for one in page.items]
        return Answer(
            RecordingPage(items=items, next=next_of(page)),
            seen=tuple(f"recording:{one.id}" for one in page.items),
        )

    async def _get(self, asked: Asked) -> Answer:
        recording = await self._recording(asked)
        transcript = [
            SpokenShape(
                side=spoken.side,
                words=[
                    WordShape(text=word.text, start=word.start, end=word.end, confidence=word.confidence)
                    for word in spoken.words
                ],
            )
            for spoken in recording.transcript
        ]
        return Answer(WholeRecording.model_validate({**_form(recording), "transcript": transcript}))

    async def _audio(self, asked: Asked) -> web.StreamResponse:
        recording = await self._recording(asked)
        with told_as_problems():
            sound = await opened_talk(self._files, recording)
        return await send_sound(asked.request, sound)

    async def _delete(self, asked: Asked) -> Answer:
        query: DeletionQuery = asked.query
        now: datetime = self._parts.clock.now()
        deleted = await self._register.delete(asked.actor, asked.path["recording_id"], query.reason, now)
        if deleted.path is not None and not await self._files.remove(deleted.path):
            raise Problem(
                500,
                "failed",
                f"It is deleted from the history, yet the file {deleted.path} could not be: "
                "see the log, and delete it from the recordings folder by hand.",
            )
        return Answer()

    async def _recording(self, asked: Asked) -> Recording:
        recording = await self._register.get(asked.path["recording_id"])
        own = await self._own(asked)
        if own is not None and recording.agent != own:
            raise Problem(403, "forbidden", "An agent hears their own calls; a supervisor hears all.")
        return recording

    async def _own(self, asked: Asked) -> str | None:
        return await own_name(await self._parts.identify(asked.request), self._parts.agents)

    @property
    def _register(self) -> RecordingRegister:
        if self._parts.recorded is None:
            raise Problem(404, "not-found", "No talks are recorded here.")
        return self._parts.recorded

    @property
    def _files(self) -> RecordingFiles:
        if self._parts.recordings is None:
            raise Problem(404, "not-found", "There is no folder of recordings here.")
        return self._parts.recordings


def _form(one: Recording) -> dict[str, Any]:
    return {
        "id": one.id,
        "call_id": one.call_id,
        "agent": one.agent,
        "queue": one.queue or None,
        "basis": one.basis,
        "started_at": one.started_at,
        "seconds": one.seconds,
        "state": one.state,
        "codec": one.codec,
        "bytes": one.bytes,
        "sha256": one.sha256,
        "language": one.language,
        "pauses": [list(pause) for pause in one.pauses],
        "transcript_state": one.transcript_state,
        "detail": one.detail,
    }
