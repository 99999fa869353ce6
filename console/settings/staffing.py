"""/settings/agents and /settings/queues: how they are set up now, and where that is changed."""

from __future__ import annotations

from aiohttp import web

from acd.queues import Overflow, Queue
from console.display import duration, queue_name
from console.pages import Pages
from console.words import Words
from engine.queues import AgentLine, Queues
from engine.registers.agents import AgentRegister


class StaffingPages:
    def __init__(self, pages: Pages, queues: Queues, agents: AgentRegister) -> None:
        self._pages = pages
        self._queues = queues
        self._agents = agents

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/settings/agents", self.agents),
            web.get("/settings/queues", self.queues),
        ]

    async def agents(self, request: web.Request) -> web.Response:
        words = self._pages.words_for(request)
        profiles = {profile.name: profile for profile in await self._agents.profiles()}
        lines = self._queues.lines()
        rows = []
        for name in sorted({*profiles, *lines}):
            profile, line = profiles.get(name), lines.get(name)
            skills = line.agent.skills if line else profile.skills if profile else {}
            capacity = profile.capacity if profile else {}
            rows.append(
                {
                    "name": name,
                    "shown": profile.shown if profile else name,
                    "telephone": words(f"floor_telephone_{_telephone(line)}"),
                    "skills": ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items())),
                    "capacity": ", ".join(
                        f"{words.get(f'floor_work_{kind}', kind)} {most}"
                        for kind, most in sorted(capacity.items())
                    ),
                    "of_person": profile is not None,
                    "known": line is not None,
                }
            )
        return self._pages.page(request, "settings/agents.html", page="settings", tab="agents", rows=rows)

    async def queues(self, request: web.Request) -> web.Response:
        words = self._pages.words_for(request)
        shown = [(queue, facts_of(queue, words)) for _, queue in sorted(self._queues.setup().items())]
        return self._pages.page(request, "settings/queues.html", page="settings", tab="queues", queues=shown)


def facts_of(queue: Queue, t: Words) -> list[tuple[str, str, str]]:
    """Setting, its words, and its value; the settings are named as in the configuration."""
    none = t("settings_none")
    skills = ", ".join(f"{skill} {level}" for skill, level in sorted(queue.skills.items()))
    relax = "; ".join(
        t("settings_relax_drop", after=duration(step.after_seconds), skill=step.drop)
        if step.drop
        else t("settings_relax_by", after=duration(step.after_seconds), by=step.lower_by)
        for step in queue.relax
    )
    longest = none if queue.max_wait_seconds is None else duration(queue.max_wait_seconds)
    wanted = t("settings_yes") if queue.disposition_required else t("settings_no")
    return [
        ("agents", t("settings_q_agents"), ", ".join(sorted(queue.agents)) or t("settings_all")),
        ("strategy", t("settings_q_strategy"), t(f"settings_{queue.strategy.value}")),
        ("priority", t("settings_q_priority"), str(queue.priority)),
        ("skills", t("settings_q_skills"), skills or none),
        ("relax", t("settings_q_relax"), relax or none),
        (
            "overflow",
            t("settings_q_overflow"),
            "; ".join(_overflow(one, t) for one in queue.overflow) or none,
        ),
        ("service_level", t("settings_q_service_level"), duration(queue.service_level_seconds)),
        ("max_wait", t("settings_q_max_wait"), longest),
        ("capacity", t("settings_q_capacity"), str(queue.capacity)),
        ("hours", t("settings_q_hours"), queue.hours or t("settings_always")),
        ("ring", t("settings_q_ring"), duration(queue.ring_seconds)),
        ("wrap_up", t("settings_q_wrap_up"), duration(queue.wrap_up_seconds)),
        ("disposition_required", t("settings_q_disposition"), wanted),
        ("reserve", t("settings_q_reserve"), str(queue.reserve)),
    ]


def _overflow(one: Overflow, t: Words) -> str:
    to = queue_name(one.to)
    parts = []
    if one.after_seconds is not None:
        parts.append(t("settings_overflow_after", after=duration(one.after_seconds), to=to))
    if one.when_full:
        parts.append(t("settings_overflow_full", to=to))
    return "; ".join(parts)


def _telephone(line: AgentLine | None) -> str:
    if line is None or line.browser:
        return "browser"
    return "sip" if line.number is None else "number"
