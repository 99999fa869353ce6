"""Calls are put together: each with its log, its voice, and what it does its work with."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial

import structlog

from calls.events import CallEventKind
from calls.outcome import Outcome
from engine.call_in_progress import Successor
from engine.call_log import CallLog
from engine.conversation import Conversation
from engine.dialling.campaign_call import CampaignCall
from engine.dialling.campaign_dial import CampaignDial
from engine.errands import Errands
from engine.exchange import Exchange
from engine.placing.manual_call import ManualCall, ManualDial
from engine.placing.own_calls import spoken
from engine.placing.ringing import Ring, Ringing, callee_channel
from engine.talks.lines import Overdue, TalkMeans
from engine.voice import CallVoice
from ivr.dialogue import Dialogue
from ivr.flow import Flow
from ivr.recall import facts_of

log = structlog.get_logger(__name__)


class CallMaker:
    """`run` does what a call need not wait for."""

    def __init__(self, exchange: Exchange, run: Callable[[Coroutine[None, None, None]], None]) -> None:
        self._exchange = exchange
        self._run = run

    def conversation(
        self,
        call_log: CallLog,
        channel_id: str,
        flow: Flow,
        dialogue: Dialogue,
        *,
        ring: Ring | None = None,
        answered: bool = False,
        wideband: bool = False,
        hand_over: Callable[[str], Successor | None] = lambda queue: None,
    ) -> Conversation:
        exchange = self._exchange
        call_id = call_log.id

        def trouble(what: str, detail: str) -> None:
            log.warning("trouble in a call", call=call_id, what=what, detail=detail)
            self._run(call_log.write(CallEventKind.TROUBLE, {"what": what, "detail": detail}))

        voice = CallVoice(
            call_id,
            channel_id,
            wideband=wideband,
            control=exchange.control,
            recognizer=exchange.recognizer,
            synthesizer=exchange.synthesizer,
            tell=lambda event: call.tell(event),
            trouble=trouble,
            first_playback=call_log.last_seq,
        )
        call = Conversation(
            call_id,
            channel_id,
            dialogue,
            ringing=None if ring is None else Ringing(ring, call_log, exchange.control, exchange.clock),
            answered=answered,
            log=call_log,
            voice=voice,
            errands=Errands(
                call_id, desk=exchange.desk, call_log=call_log, tell=lambda finished: call.tell(finished)
            ),
            means=self.talk_means(call_log, lambda overdue: call.tell(overdue), channel_id),
            dialogue_of=partial(self._dialogue_of, call_log),
            recordings=exchange.recordings,
            final_outcome=Outcome.UNKNOWN_NUMBER if not ring and flow is exchange.flows.unknown else None,
            hand_over=hand_over,
        )
        return call

    def manual(self, call_log: CallLog, dial: ManualDial) -> ManualCall:
        exchange = self._exchange
        return ManualCall(
            call_log,
            dial,
            partial(self.talk_means, call_log),
            rules=exchange.own_calls(),
            flow_named=exchange.flows.by_name,
            go_on=self._going_on(call_log, dial, None),
            language=self._language,
        )

    def campaign(self, call_log: CallLog, dial: CampaignDial) -> CampaignCall:
        """It keeps the flows that it was dialled with: a reload while it rings takes none of them away."""
        exchange = self._exchange
        shelf = exchange.flows
        named = {name: shelf.by_name(name) for name in dial.flows}
        return CampaignCall(
            call_log,
            dial,
            partial(self.talk_means, call_log),
            exchange.campaigns(),
            flow_named=lambda name: named.get(name) or shelf.by_name(name),
            go_on=self._going_on(call_log, dial, dial.language),
            language=dial.language or self._language,
        )

    @property
    def _language(self) -> str:
        """Of our own flows."""
        exchange = self._exchange
        languages = [language for flow in exchange.flows.all() for language in flow.languages]
        return spoken(languages, exchange.region)

    def _going_on(
        self, call_log: CallLog, dial: ManualDial | CampaignDial, language: str | None
    ) -> Callable[[Flow], Conversation]:
        """The conversation, in a flow, of a person whom we called and who is without an agent."""
        ring = Ring(dial.to, dial.caller_id, dial.ring_seconds, dial.trunk)

        def go_on(flow: Flow) -> Conversation:
            variables = None
            if isinstance(dial, CampaignDial) and flow.name == dial.flow:
                variables = dial.variables
            dialogue = self._dialogue(call_log, flow, language, variables)
            channel_id = callee_channel(call_log.id)
            hand_over = self.handing_over(call_log, dial, flow)
            return self.conversation(
                call_log, channel_id, flow, dialogue, ring=ring, answered=True, hand_over=hand_over
            )

        return go_on

    def handing_over(
        self, call_log: CallLog, dial: ManualDial | CampaignDial | None, flow: Flow
    ) -> Callable[[str], Successor | None]:
        """The flow that goes before a campaign's agents gives the person to one of them, not to a queue."""

        def hand_over(queue: str) -> Successor | None:
            if not isinstance(dial, CampaignDial) or not dial.before_agent:
                return None
            return self.campaign(call_log, dial) if (flow.name, queue) == (dial.flow, dial.queue) else None

        return hand_over

    def talk_means(
        self, call_log: CallLog, tell: Callable[[Overdue], None], channel_id: str = ""
    ) -> TalkMeans:
        exchange = self._exchange
        return TalkMeans(
            call_id=call_log.id,
            control=exchange.control,
            queues=exchange.queues,
            log=call_log,
            clock=exchange.clock,
            recorder=exchange.talk_recorders.of_call(),
            flows=lambda name: exchange.flows.by_name(name) is not None,
            region=exchange.region,
            tell=tell,
            back=exchange.campaigns().lines.back,
            known_agent=exchange.known_agent(channel_id),
        )

    def _dialogue_of(self, call_log: CallLog, name: str, language: str | None) -> Dialogue:
        """Another flow for the person on the line, in the language that they have chosen.

        It was there when the agent asked for it; LookupError when it was taken away in that moment.
        """
        flow = self._exchange.flows.by_name(name)
        if flow is None:
            raise LookupError(f"there is no flow {name!r} any more")
        return self._dialogue(call_log, flow, language)

    def _dialogue(
        self,
        call_log: CallLog,
        flow: Flow,
        language: str | None,
        variables: Mapping[str, object] | None = None,
    ) -> Dialogue:
        call = call_log.call
        facts = facts_of({"direction": call.direction, "caller": call.caller, "dialled": call.dialled})
        chosen = language if language in flow.languages else None
        surroundings = self._exchange.surroundings
        return Dialogue(flow, facts=facts, surroundings=surroundings, language=chosen, variables=variables)
