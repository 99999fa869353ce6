"""Agents' desks, wired."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

from calls.talk_control import TalkControl
from engine.desk.desks import Desks
from engine.desk.dialling import ManualCalls
from engine.desk.previews import Previews
from engine.desk.settings import DeskSettings, QueueDesk
from engine.exchange import Exchange
from engine.placing.own_calls import OwnCallRules
from engine.roster import Roster
from engine.switchboard import Switchboard
from infolinia.configuration import Configuration
from store.store import Store


async def opened_desks(
    configuration: Configuration,
    exchange: Exchange,
    switchboard: Switchboard,
    control: TalkControl,
    store: Store,
    roster: Roster,
    manual: ManualCalls,
    previews: Previews,
    stack: AsyncExitStack,
) -> Desks:
    """They know what an earlier engine left before the first call is taken, and close after the last."""
    desks = Desks(
        exchange,
        switchboard,
        control,
        store.queries,
        store.desk,
        store.agents,
        desk_settings(configuration),
        manual=manual,
        refresh=roster.refresh,
        names=roster.names,
        previews=previews,
    )
    await desks.start()
    stack.push_async_callback(desks.close)
    return desks


def desk_settings(configuration: Configuration) -> DeskSettings:
    """What the configuration says of desks."""
    desk = configuration.desk
    return DeskSettings(
        region=configuration.country,
        zone=ZoneInfo(configuration.time_zone),
        breaks=desk.break_choices(),
        dispositions=desk.all_dispositions(),
        scripts={name: desk.script(name) for name in desk.scripts},
        templates=desk.sms_templates(),
        transfer_numbers=dict(desk.transfer_numbers),
        dial=desk.dial,
        message_hold=timedelta(seconds=desk.message_hold),
        own_calls=OwnCallRules(desk.manual_wrap_up, desk.lost_calls or ""),
        queues={
            name: QueueDesk(
                dispositions=tuple(queue.dispositions),
                disposition_required=queue.disposition_required,
                script=queue.script,
                templates=tuple(queue.templates),
                ring_seconds=queue.ring,
            )
            for name, queue in configuration.queues.items()
        },
    )
