"""What a request about a campaign is about, and who asks."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from console.accounts.identity import identified
from console.faults import Fault
from dialer.campaign import Campaign
from engine.registers.actor import Actor, ActorKind
from engine.registers.campaigns import Campaigns
from engine.registers.refusals import Missing


async def campaign_read(campaigns: Campaigns, request: web.Request) -> Campaign:
    """The one of the address. Raises Fault 404."""
    try:
        return await campaigns.get(request.match_info["campaign_id"])
    except Missing:
        raise Fault(404, "There is no such campaign. They are listed at /campaigns.") from None


def actor_of(request: web.Request) -> Actor:
    """While nobody was added, whoever is at this machine is as good as at its shell."""
    identity = identified(request)
    return identity.actor if identity else Actor(ActorKind.COMMAND, "console", request.remote or "")


def version_of(form: Mapping[str, str]) -> int:
    """That of the campaign as its page showed it. Raises Fault 400."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Fault(400, "The form lacks the campaign's version. Load the page anew, then try again.")
    return int(text)
