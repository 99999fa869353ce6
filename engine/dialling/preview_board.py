"""PreviewBoard: which lead each agent looks at now, of all campaigns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.desk.previews import Preview, no_lead
from engine.desk.refusals import DeskRefused

LONGEST_WHY = 200


class Previewing(Protocol):
    """The campaign whose leads they are. Both raise DeskRefused, and LeadStays when nothing came of it."""

    async def call(self, preview: Preview, number: str) -> str: ...

    async def skip(self, preview: Preview, why: str) -> None: ...


class LeadStays(DeskRefused):
    """Nothing came of it, and nothing has changed: the agent may try again."""


@dataclass(slots=True, eq=False)
class Held:
    """`busy`: something is being done with it."""

    preview: Preview
    campaign: Previewing
    busy: bool = False


class PreviewBoard:
    """Implements engine.desk.previews.Previews."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}  # by agent
        self._at_desk: Callable[[str], bool] = lambda agent: False
        self._tell: Callable[[str], None] = lambda agent: None

    # --- for desks ----------------------------------------------------------------------------------------

    def attend(self, at_desk: Callable[[str], bool], tell: Callable[[str], None]) -> None:
        self._at_desk, self._tell = at_desk, tell

    def of(self, agent: str) -> Preview | None:
        held = self._held.get(agent)
        return None if held is None else held.preview

    async def call(self, agent: str, lead_id: str, number: str = "") -> str:
        held = self._taken(agent, lead_id)
        try:
            call_id = await held.campaign.call(held.preview, number)
        except LeadStays:
            held.busy = False
            raise
        except BaseException:
            self.drop(held)
            raise
        self.drop(held)
        return call_id

    async def skip(self, agent: str, lead_id: str, why: str) -> None:
        why = " ".join(why.split())
        if not why:
            raise DeskRefused("skip_why", "Say why this lead is skipped.")
        if len(why) > LONGEST_WHY:
            raise DeskRefused("skip_long", f"A reason has at most {LONGEST_WHY} characters: shorten it.")
        held = self._taken(agent, lead_id)
        try:
            await held.campaign.skip(held.preview, why)
        except LeadStays:
            held.busy = False
            raise
        except BaseException:
            self.drop(held)
            raise
        self.drop(held)

    # --- for campaigns ------------------------------------------------------------------------------------

    def at_desk(self, agent: str) -> bool:
        """Whether the agent would see a lead."""
        return self._at_desk(agent)

    def held_by(self, campaign: Previewing) -> tuple[Held, ...]:
        return tuple(held for held in self._held.values() if held.campaign is campaign)

    def put(self, preview: Preview, campaign: Previewing) -> None:
        self._held[preview.agent] = Held(preview, campaign)
        self._tell(preview.agent)

    def drop(self, held: Held) -> None:
        """The agent does not look at it any more. Idempotent."""
        agent = held.preview.agent
        if self._held.get(agent) is held:
            del self._held[agent]
            self._tell(agent)

    # --- inside -------------------------------------------------------------------------------------------

    def _taken(self, agent: str, lead_id: str) -> Held:
        held = self._held.get(agent)
        if held is None or held.busy or held.preview.lead.id != lead_id:
            raise no_lead()
        held.busy = True
        return held
