"""Mailings and runs of cascades as rows, and rows as these."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row

from compliance.facts import Channel, Purpose
from engine.registers.cascades import KeptRun, RunNews
from engine.registers.mailings import Mailing
from messaging.cascade import (
    CascadeRun,
    Ending,
    Event,
    Happened,
    MessageMoved,
    OptedOut,
    Replied,
    StopOrdered,
)
from messaging.cascade_plan import Cascade, Goal, MoveOn, Step
from messaging.mailing import LeftOut, MailingState
from messaging.states import MessageState

# Kinds of cascade_news; `what` is the state, or the event's name.
MOVED, REPLIED, OPTED_OUT, HAPPENED, STOPPED = "moved", "replied", "opted_out", "happened", "stopped"
# Of a paused mailing's messages: the queue's workers pass them over until it goes on.
HELD = datetime(9999, 1, 1, tzinfo=UTC)


def settings_of(mailing: Mailing) -> dict[str, object]:
    """What has no column of its own, as JSON."""
    return {
        "template": mailing.template,
        "channel": None if mailing.channel is None else mailing.channel.value,
        "cascade": mailing.cascade,
        "segment_id": mailing.segment_id,
        "contact_ids": list(mailing.contact_ids),
        "values": dict(mailing.values),
        "purpose": None if mailing.purpose is None else mailing.purpose.value,
        "language": mailing.language,
        "campaign": mailing.campaign,
        "per_second": mailing.per_second,
        "opens": None if mailing.opens is None else mailing.opens.isoformat("minutes"),
        "closes": None if mailing.closes is None else mailing.closes.isoformat("minutes"),
        "ends_at": None if mailing.ends_at is None else mailing.ends_at.isoformat(),
    }


def mailing_of(row: Row[Any]) -> Mailing:
    kept: dict[str, Any] = row.settings
    return Mailing(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        template=kept["template"],
        channel=kept["channel"] and Channel(kept["channel"]),
        cascade=kept["cascade"],
        segment_id=kept["segment_id"],
        contact_ids=tuple(kept["contact_ids"]),
        values=kept["values"],
        purpose=kept["purpose"] and Purpose(kept["purpose"]),
        language=kept["language"],
        campaign=kept["campaign"],
        per_second=kept["per_second"],
        opens=kept["opens"] and time.fromisoformat(kept["opens"]),
        closes=kept["closes"] and time.fromisoformat(kept["closes"]),
        ends_at=kept["ends_at"] and datetime.fromisoformat(kept["ends_at"]),
        state=MailingState(row.state),
        note=row.note,
        version=row.version,
        started_at=row.started_at,
        over_at=row.over_at,
        recipients=row.recipients,
        left_out={LeftOut(name): number for name, number in row.left_out.items()},
        prepared=row.prepared,
    )


def plan_form(cascade: Cascade) -> dict[str, object]:
    return {
        "name": cascade.name,
        "until": sorted(cascade.until),
        "stops_on": sorted(cascade.stops_on),
        "steps": [
            {
                "channel": step.channel.value,
                "template": step.template,
                "moves_on": sorted(step.moves_on),
                "wait_seconds": step.wait.total_seconds(),
                "send_within_seconds": step.send_within.total_seconds(),
            }
            for step in cascade.steps
        ],
    }


def _plan_of(form: dict[str, Any]) -> Cascade:
    return Cascade(
        form["name"],
        tuple(
            Step(
                Channel(step["channel"]),
                step["template"],
                frozenset(map(MoveOn, step["moves_on"])),
                timedelta(seconds=step["wait_seconds"]),
                timedelta(seconds=step["send_within_seconds"]),
            )
            for step in form["steps"]
        ),
        frozenset(map(Goal, form["until"])),
        frozenset(form["stops_on"]),
    )


def run_columns(kept: KeptRun) -> dict[str, object]:
    """What changes as it goes on."""
    run = kept.run
    return {
        "states": [None if state is None else state.value for state in run.states],
        "waiting": run.waiting,
        "deadline": run.deadline,
        "ending": None if run.ending is None else run.ending.value,
        "late": [[step, state.value] for step, state in kept.late],
        "notes": list(kept.notes),
        "over_at": kept.over_at,
    }


def new_run_columns(kept: KeptRun) -> dict[str, object]:
    return run_columns(kept) | {
        "id": kept.id,
        "cascade": kept.run.cascade.name,
        "plan": plan_form(kept.run.cascade),
        "contact_id": kept.contact_id,
        "mailing": kept.mailing,
        "campaign": kept.campaign,
        "language": kept.language,
        "given": dict(kept.values),
        "created_at": kept.created_at,
        "version": kept.version,
    }


def run_of(row: Row[Any]) -> KeptRun:
    return KeptRun(
        id=row.id,
        run=CascadeRun(
            _plan_of(row.plan),
            tuple(None if state is None else MessageState(state) for state in row.states),
            row.deadline,
            row.waiting,
            None if row.ending is None else Ending(row.ending),
        ),
        contact_id=row.contact_id,
        created_at=row.created_at,
        values=row.given,
        mailing=row.mailing,
        campaign=row.campaign,
        language=row.language,
        late=tuple((step, MessageState(state)) for step, state in row.late),
        notes=tuple(row.notes),
        over_at=row.over_at,
        version=row.version,
    )


def news_of(row: Row[Any]) -> RunNews:
    event: Event
    match row.kind:
        case "moved":
            event = MessageMoved(row.step, MessageState(row.what))
        case "replied":
            event = Replied()
        case "opted_out":
            event = OptedOut()
        case "happened":
            event = Happened(row.what)
        case _:
            event = StopOrdered()
    return RunNews(row.id, row.run, event, row.at)
