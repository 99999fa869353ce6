"""How campaigns that run at once share what they have in common: lines, calls a second, agents.

Those of a higher priority take first what they want; equals get by their shares, and what one does not want
goes to the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace


@dataclass(frozen=True, slots=True)
class Claim:
    """`wanted` is the most that the campaign can use; a `share` of 0 gets what is left over by all others."""

    campaign: str
    wanted: int
    share: int = 1
    priority: int = 0


def split(total: int, claims: Sequence[Claim]) -> dict[str, int]:
    """Whole parts, together the lesser of `total` and all that is wanted. Equals by the campaign's id."""
    given = {claim.campaign: 0 for claim in claims}
    turns = [(_turn(claim, 0), claim) for claim in claims if claim.wanted > 0]
    heapify(turns)
    for _ in range(max(total, 0)):
        if not turns:
            break
        _, claim = turns[0]
        given[claim.campaign] += 1
        if given[claim.campaign] < claim.wanted:
            heapreplace(turns, (_turn(claim, given[claim.campaign]), claim))
        else:
            heappop(turns)
    return given


def assign(
    agents: Mapping[str, Collection[str]], claims: Sequence[Claim], now_at: Mapping[str, str]
) -> dict[str, str]:
    """Each agent's campaign: agents -> campaigns that they may work for. Who has none is left out.

    `now_at` is where they are: nobody is moved without need. Agents who can do little are used for that, so
    that a campaign goes short only when nobody could be spared for it.
    """
    able = {
        claim.campaign: sorted(agent for agent, campaigns in agents.items() if claim.campaign in campaigns)
        for claim in claims
    }
    at: dict[str, str] = {}
    given = {claim.campaign: 0 for claim in claims}
    open_claims = {claim.campaign: claim for claim in claims if claim.wanted > 0}
    while open_claims:
        claim = min(open_claims.values(), key=lambda one: _turn(one, given[one.campaign]))
        if given[claim.campaign] >= claim.wanted or not _take(claim.campaign, able, at, now_at, set()):
            del open_claims[claim.campaign]
        else:
            given[claim.campaign] += 1
    return _stable(at, now_at, agents)


def _turn(claim: Claim, has: int) -> tuple[int, int, float, str]:
    """Whose turn it is to get one more: the least comes first."""
    fed = (has + 1) / claim.share if claim.share > 0 else float(has)
    return (-claim.priority, int(claim.share <= 0), fed, claim.campaign)


def _take(
    campaign: str,
    able: Mapping[str, Sequence[str]],
    at: dict[str, str],
    now_at: Mapping[str, str],
    asked: set[str],
) -> bool:
    """One more agent for the campaign; another campaign's agent only if that one gets another for them."""
    asked.add(campaign)
    order = sorted(able[campaign], key=lambda agent: (agent in at, now_at.get(agent) != campaign, agent))
    for agent in order:
        holder = at.get(agent)
        if holder is None or (holder not in asked and _take(holder, able, at, now_at, asked)):
            at[agent] = campaign
            return True
    return False


def _stable(
    at: dict[str, str], now_at: Mapping[str, str], agents: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Two who would change places stay, when both may."""
    for agent in sorted(at):
        home = now_at.get(agent)
        if home is None or at[agent] == home or home not in agents[agent]:
            continue
        for other in sorted(at):
            if at[other] == home and now_at.get(other) != home and at[agent] in agents[other]:
                at[agent], at[other] = home, at[agent]
                break
    return at
