"""What a cascade's commands become: the messages of its steps, or why there are none. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine.followup.composing import Composed, NotComposed, composed, point_for
from engine.followup.shelf import MODE, MessageShelf
from engine.registers.cascades import Advance, KeptRun, RunNews
from engine.registers.messages import BULK_PRIORITY, USUAL_PRIORITY
from history.contact import Contact
from messaging.cascade import (
    CascadeRun,
    Command,
    Event,
    Finished,
    MessageMoved,
    NoPoint,
    SendMessage,
    Tick,
    ToldLate,
    Withdraw,
    advanced,
    begun,
)
from messaging.states import MessageState

ERASED = "the person was erased"


def begun_run(kept: KeptRun, contact: Contact | None, shelf: MessageShelf, now: datetime) -> Advance:
    """A new run with its first message; `kept.run` is the plan alone."""
    run, commands = begun(kept.run.cascade, now)
    return _Doing(kept, contact, shelf, now).done(run, commands, ())


def advanced_run(
    kept: KeptRun, contact: Contact | None, news: tuple[RunNews, ...], shelf: MessageShelf, now: datetime
) -> Advance:
    """The run after all its news, and after its deadline where that has come."""
    doing = _Doing(kept, contact, shelf, now)
    run, commands = kept.run, list[Command]()
    for event in (*(one.event for one in news), Tick()):
        run, more = doing.after(run, event)
        commands += more
    return doing.done(run, commands, tuple(one.id for one in news))


class _Doing:
    """Commands that cannot be carried out are answered at once, so that the next step comes."""

    def __init__(self, kept: KeptRun, contact: Contact | None, shelf: MessageShelf, now: datetime) -> None:
        self._kept = kept
        self._contact = contact
        self._shelf = shelf
        self._now = now
        self._sent: dict[int, Composed] = {}
        self._notes: list[str] = []

    def after(self, run: CascadeRun, event: Event) -> tuple[CascadeRun, list[Command]]:
        run, commands = advanced(run, event, self._now)
        return self._settled(run, list(commands))

    def done(
        self, run: CascadeRun, commands: list[Command] | tuple[Command, ...], news: tuple[str, ...]
    ) -> Advance:
        run, all_of_them = self._settled(run, list(commands))
        late = tuple((one.step, one.state) for one in all_of_them if isinstance(one, ToldLate))
        withdrawn = {one.step for one in all_of_them if isinstance(one, Withdraw)}
        over = any(isinstance(one, Finished) for one in all_of_them)
        # What was begun and withdrawn in one go was never there.
        sent = [one for step, one in sorted(self._sent.items()) if step not in withdrawn]
        kept = replace(
            self._kept,
            run=run,
            late=self._kept.late + late,
            notes=(*self._kept.notes, *self._notes),
            over_at=self._now if over else self._kept.over_at,
        )
        return Advance(
            kept,
            tuple(one.message for one in sent),
            tuple(one.link for one in sent if one.link is not None),
            tuple(sorted(withdrawn - self._sent.keys())),
            news,
        )

    def _settled(self, run: CascadeRun, commands: list[Command]) -> tuple[CascadeRun, list[Command]]:
        at = 0
        while at < len(commands):
            command = commands[at]
            at += 1
            if not isinstance(command, SendMessage) or command.step in self._sent:
                continue
            answer = self._send(command, run)
            if answer is not None:
                run, more = advanced(run, answer, self._now)
                commands += more
        return run, commands

    def _send(self, command: SendMessage, run: CascadeRun) -> Event | None:
        """None: it is written. Else what the run is told instead."""
        step, kept = run.cascade.steps[command.step], self._kept
        if self._contact is None:
            self._notes.append(f"step {command.step + 1}: {ERASED}")
            return NoPoint(command.step)
        template = self._shelf.templates.get(step.template)
        if template is None:
            return self._none(command.step, f"there is no template {step.template} any more")
        point = point_for(step.channel, self._contact, None)
        if point is None:
            return NoPoint(command.step)
        try:
            made = composed(
                template,
                kept.message_id(command.step),
                channel=step.channel,
                point=point,
                contact=self._contact,
                values=kept.values,
                language=kept.language,
                now=self._now,
                zone=self._shelf.zone,
                links=self._shelf.links,
            )
        except NotComposed as why:
            return self._none(command.step, str(why))
        message = replace(
            made.message,
            mode=MODE,
            mailing=kept.mailing,
            campaign=kept.campaign,
            cascade=kept.id,
            cascade_step=command.step,
            priority=USUAL_PRIORITY if kept.mailing is None else BULK_PRIORITY,
            # The run withdraws it itself at that moment; this is for an engine that is away then.
            expires_at=command.expires_at + timedelta(seconds=60),
        )
        self._sent[command.step] = replace(made, message=message)
        return None

    def _none(self, step: int, why: str) -> Event:
        self._notes.append(f"step {step + 1}: {why}")
        return MessageMoved(step, MessageState.FAILED)
