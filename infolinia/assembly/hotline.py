"""Composition root: every part is made and wired here, started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from asterisk.ami import AmiConnection
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.network_log import CelNetworkLog
from asterisk.process import AsteriskProcess
from asterisk.settings import MEDIA_CLIENT
from asterisk.visitors import VisitorGate
from calls.control import ControlRestored, NetworkEvent
from channels.services import HttpServices
from console.application import make_application
from console.hotline import HotlineFacts
from console.metrics import Metrics
from engine.clock import SystemClock, TimeOrderedIds
from engine.codes import RandomCodes
from engine.dialling.agents import CampaignAgents
from engine.dialling.crew import CampaignMeans
from engine.dialling.detecting import MachineDetection
from engine.dialling.open_lines import OpenLines
from engine.dialling.preview_board import PreviewBoard
from engine.errands import Desk
from engine.exchange import Exchange
from engine.health import Health
from engine.live import LiveCalls
from engine.recovery import Recovery
from engine.retention import RetentionWorker
from engine.switchboard import Switchboard
from infolinia.assembly.api import api_parts, import_desk, people_of, served_api
from infolinia.assembly.asterisk import ami_address, ari_address, change_telephones, installation_of
from infolinia.assembly.background import in_background
from infolinia.assembly.callbacks import KeptCallbacks, callback_forms, keep_callbacks, missed_calls
from infolinia.assembly.campaign_rules import campaign_rules, names_anew
from infolinia.assembly.campaigns import opened_dialler
from infolinia.assembly.chats import ChatSites, carried_calls, opened_chats
from infolinia.assembly.company import OfficeHours, surroundings_of
from infolinia.assembly.contacts import gatekeeper, manual_calls, outbound_calls
from infolinia.assembly.debts import opened_debts, put_rules
from infolinia.assembly.desk import desk_settings, opened_desks
from infolinia.assembly.dialogues import DialogueReading, MessageNews, opened_dialogues
from infolinia.assembly.doors import opened_doors
from infolinia.assembly.facts import hotline_facts
from infolinia.assembly.floor import opened_floor
from infolinia.assembly.followups import follow_up
from infolinia.assembly.mailings import run_mailings
from infolinia.assembly.message_pages import message_means
from infolinia.assembly.message_providers import refuse_wrong_providers
from infolinia.assembly.messaging import send_messages
from infolinia.assembly.preflight import held_state_folder, refuse_taken_ports, usable_services
from infolinia.assembly.recordings import recording_work, vault_of
from infolinia.assembly.serving import phone_socket, serve
from infolinia.assembly.speech import opened_recognizer, opened_voices
from infolinia.assembly.staff import staff_anew, staffed_queues
from infolinia.assembly.system_news import on_system_news
from infolinia.assembly.web_chat import web_chat
from infolinia.assembly.webhooks import tell_webhooks
from infolinia.configuration import Configuration
from infolinia.flows.control_socket import serve_control, socket_path
from infolinia.flows.files import load_flows, warn_of_unknown_words
from infolinia.flows.reload import FlowReloader
from infolinia.forecasting.desk import ForecastDesk
from infolinia.reloading import ConfigurationReloader
from infolinia.setup.inventory import find_parts
from store.store import Store, open_store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hotline:
    """A hotline that runs, for its command line and for tests."""

    configuration: Configuration
    asterisk: AsteriskProcess
    control: AsteriskControl
    switchboard: Switchboard
    store: Store
    live: LiveCalls
    health: Health
    facts: HotlineFacts
    reloader: ConfigurationReloader


@asynccontextmanager
async def running_hotline(configuration: Configuration) -> AsyncIterator[Hotline]:
    """Bring everything up; on leaving, end calls, write them and stop Asterisk."""
    parts = find_parts()
    clock = SystemClock()
    ids = TimeOrderedIds(clock)
    live = LiveCalls()
    health = Health(live)
    unreachable: set[str] = set()  # trunks
    metrics = Metrics(live, health)
    live.on_ended = metrics.call_ended
    shelf = load_flows(configuration)
    refuse_wrong_providers(configuration)  # before anything is there that would have to end
    async with AsyncExitStack() as stack:
        stack.enter_context(held_state_folder(configuration.place(configuration.state)))
        refuse_taken_ports(configuration)
        services = HttpServices(usable_services(configuration))
        asterisk = AsteriskProcess(configuration.asterisk_settings(), installation_of(parts))
        asterisk.check_ports()
        vault = vault_of(configuration)
        store = await _opened_store(configuration, clock, health, stack)
        gate = gatekeeper(configuration, store, clock)
        forms = callback_forms(configuration, store, clock, ids)
        keep_callbacks(store, metrics, stack)
        debts = opened_debts(configuration, store, gate, clock, stack)
        doors = await opened_doors(configuration, store, clock, stack)
        await tell_webhooks(configuration, store, clock, ids, health, metrics, stack)
        news = MessageNews()
        lanes, callbacks = await send_messages(configuration, store, gate, clock, ids, health, stack, news)
        message_files = run_mailings(configuration, store, clock, ids, stack)
        following = follow_up(configuration, store, clock, ids, stack)
        recognizer = await opened_recognizer(configuration, parts, health, stack)
        warn_of_unknown_words(shelf, recognizer)
        voices = await opened_voices(configuration, parts, shelf, health, stack)
        await services.start()
        stack.push_async_callback(services.close)
        await asterisk.start()
        stack.push_async_callback(asterisk.stop)
        ami = AmiConnection(
            ami_address(configuration, asterisk),
            on_system_news(configuration, metrics, health, unreachable),
        )
        await ami.start()
        stack.push_async_callback(ami.close)
        media = MediaServer(
            configuration.asterisk.media_port, MEDIA_CLIENT, password=asterisk.secrets.media_password
        )
        await media.start()
        stack.push_async_callback(media.close)
        restored = asyncio.Event()

        def on_network_event(event: NetworkEvent) -> None:
            switchboard.on_network_event(event)
            desks.on_network_event(event)
            floor.supervision.on_network_event(event)
            if isinstance(event, ControlRestored):
                restored.set()

        control = AsteriskControl(
            ari_address(configuration, asterisk, "infolinia"),
            media,
            on_network_event,
            recording_dir=asterisk.folders.spool / "recording",
            trunks=tuple(trunk.name for trunk in configuration.sip.trunks),
            ami=ami,
            phones=tuple(phone.name for phone in asterisk.settings.phones),
            browser_address="127.0.0.1" if configuration.web.is_local else "",
        )
        hours = OfficeHours(configuration.hours, ZoneInfo(configuration.time_zone))
        surroundings = surroundings_of(configuration, hours)
        queues, roster = await staffed_queues(configuration, store, clock, surroundings)
        in_background(roster.watch(), stack)
        queues.on_left = lambda queue, seconds, waited: metrics.queue_left(
            queue, seconds, waited, in_time=seconds <= roster.service_level_seconds(queue)
        )
        metrics.watch_queues(queues.agents, queues.waiting)
        detection = MachineDetection(control, recognizer, clock)
        open_lines = OpenLines(control, queues, clock, ids, configuration.outbound.caller_id)
        campaign_means = CampaignMeans(crew := CampaignAgents(queues, open_lines), detection, open_lines)
        recording = recording_work(
            configuration,
            parts=parts,
            control=control,
            store=store,
            vault=vault,
            clock=clock,
            live=live,
            health=health,
            raw=asterisk.folders.spool / "monitor",
        )
        carried = carried_calls(store)
        exchange = Exchange(
            control=control,
            ledger=store.ledger,
            recognizer=recognizer,
            synthesizer=voices,
            recordings=vault,
            talk_recorders=recording.talks,
            desk=Desk(
                ledger=store.ledger,
                profiles=store.queries,
                services=services,
                codes=RandomCodes(),
                clock=clock,
                ids=ids,
                region=configuration.country,
                gate=gate,
                debts=debts,
                codes_in_log=configuration.codes_in_log,
            ),
            queues=queues,
            flows=shelf,
            clock=clock,
            ids=ids,
            live=live,
            health=health,
            node=configuration.node,
            region=configuration.country,
            surroundings=surroundings,
            missed_calls=missed_calls(configuration),
            own_calls=lambda: desks.settings.own_calls,
            campaigns=lambda: campaign_means,
            known_agent=carried.agent_of,
        )
        switchboard = Switchboard(exchange)
        manual = manual_calls(configuration, exchange, switchboard, gate, unreachable)
        previews = PreviewBoard()
        desks = await opened_desks(
            configuration, exchange, switchboard, control, store, roster, manual, previews, stack
        )
        reading = DialogueReading(configuration)
        written = opened_dialogues(reading, store, queues, desks, news, clock, ids, stack)
        sites = ChatSites(configuration, shelf)
        chats, desk_chats = await opened_chats(exchange, store, desks, sites, carried, stack)
        floor = opened_floor(control, switchboard, queues, roster, desks, store, live, clock)
        network_log = CelNetworkLog(
            asterisk.folders.cel_db, lambda: asterisk.booted_at, asterisk.folders.spool / "recording"
        )
        recovery = Recovery(exchange, switchboard, store.queries, network_log)
        await control.start()
        stack.push_async_callback(control.close)
        stack.push_async_callback(detection.close)
        switchboard.start()
        stack.push_async_callback(switchboard.close)
        stack.push_async_callback(floor.supervision.close)
        in_background(_recover(recovery, restored), stack)
        in_background(recovery.watch(), stack)
        rules = campaign_rules(configuration, store.campaigns, shelf, clock)
        dialler = opened_dialler(
            configuration,
            exchange,
            switchboard,
            gate,
            crew,
            open_lines,
            previews,
            store,
            desks,
            rules,
            unreachable,
            stack,
        )
        visitors = VisitorGate(
            control,
            ids,
            limit=configuration.web.visitors,
            on_health=lambda ok, detail: health.set("browser calls", ok, detail, needed=False),
        )
        await visitors.start()
        stack.push_async_callback(visitors.close)
        facts = [hotline_facts(configuration, shelf, recognizer)]

        def flows_changed() -> None:
            facts[0] = hotline_facts(reloader.configuration, shelf, recognizer)
            live.changed("flows")

        flow_reloader = FlowReloader(configuration, shelf, voices, recognizer, flows_changed)
        if configuration.flows_watch:
            in_background(flow_reloader.watch(), stack)
        reloader = ConfigurationReloader(configuration, flow_reloader)
        reloader.appliers += [
            lambda new: hours.put(new.hours),
            lambda new: staff_anew(new, store, roster),
            lambda new: desks.put(desk_settings(new)),
            reading.put,
            sites.put,
            lambda new: put_rules(new, debts),
            lambda new: names_anew(new, rules, shelf),
            recording.apply,
        ]
        reloader.readers += [message_files.read, following.read]
        kept = KeptCallbacks(store.campaigns)
        reloader.judges += [kept.doubts, following.doubts]
        in_background(kept.tell(configuration), stack)
        in_background(following.tell(configuration), stack)
        reloader.telephones = lambda new: change_telephones(new, control, asterisk)
        await serve_control(
            socket_path(configuration), flow_reloader, reloader, roster, queues, dialler, stack
        )
        recording.start(stack)
        worker = RetentionWorker(store.retention, store.privacy, configuration.retention.periods(), clock)
        in_background(worker.run(), stack)
        intake = import_desk(configuration, store, ids)
        intake.start()
        stack.push_async_callback(intake.close)
        forecasts = ForecastDesk(configuration, clock, store.campaign_forecasts)
        stack.push_async_callback(forecasts.close)
        api = served_api(
            api_parts(
                configuration,
                store=store,
                clock=clock,
                ids=ids,
                live=live,
                flows=shelf,
                gate=gate,
                rules=rules,
                doors=doors,
                intake=intake,
                outbound=outbound_calls(configuration, exchange, switchboard, gate, store, unreachable),
                hang_up=switchboard.hang_up,
                queues=queues,
                roster=roster,
                vault=vault,
                forecasts=forecasts,
                debts=debts,
                shelf=message_files.shelf,
                explain_campaign=dialler.explain,
                refresh_campaigns=dialler.refresh_soon,
            )
        )
        application = make_application(
            live=live,
            health=health,
            queries=store.queries,
            visitors=visitors,
            recordings=vault,
            recorded=store.recordings,
            agents=store.agents,
            hotline=lambda: facts[0],
            flows=shelf,
            surroundings=surroundings,
            clock=clock,
            metrics=metrics,
            api=api,
            names=configuration.web.names,
            doors=doors,
            forms=forms,
            people=people_of(api.parts),
            phone=phone_socket(asterisk),
            desks=desks,
            floor=floor,
            breaks=lambda: desks.settings.breaks,
            queues=queues,
            ids=ids,
            written=written,
            agent_chats=desk_chats,
            has_chats=lambda: bool(sites()),
            web_chat=web_chat(configuration, sites, chats, visitors, store, clock, ids, hours),
            messages=message_means(configuration, store, api.parts, lanes),
        )
        application.add_routes(callbacks)
        application.add_routes(following.pages.routes())
        await serve(application, configuration, clock, stack)
        yield Hotline(configuration, asterisk, control, switchboard, store, live, health, facts[0], reloader)


async def _opened_store(
    configuration: Configuration, clock: SystemClock, health: Health, stack: AsyncExitStack
) -> Store:
    store = open_store(
        configuration.database_url,
        configuration.place(configuration.state) / "spool",
        clock=clock,
        on_health=lambda ok, detail: health.set("database", ok, detail, needed=False),
        node=configuration.node,
        recordings=configuration.place(configuration.recordings),
        proof_days=configuration.retention.proof_days,
    )
    await store.start()
    stack.push_async_callback(store.close)
    return store


async def _recover(recovery: Recovery, restored: asyncio.Event) -> None:
    while True:
        await restored.wait()
        restored.clear()
        try:
            await recovery.after_connecting()
        except Exception:
            log.exception("Calls of before could not be recovered; trying again at the next connection")
