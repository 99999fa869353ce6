"""What Asterisk's management interface tells: refused SIP senders, and each trunk's state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import structlog

from asterisk.ami import SenderRefused, SystemNews, TrunkStatus
from asterisk.settings import BROWSER_ADDRESS
from console.metrics import Metrics
from engine.health import Health
from infolinia.configuration import Configuration

log = structlog.get_logger(__name__)

_WRONG_PASSWORD = ("InvalidPassword", "ChallengeResponseFailed")


def on_system_news(
    configuration: Configuration, metrics: Metrics, health: Health, unreachable: set[str]
) -> Callable[[SystemNews], None]:
    """Count refused SIP senders; show each trunk's state, and keep which ones are `unreachable`."""
    trunks = {trunk.name for trunk in configuration.sip.trunks}
    agents = {name for name, agent in configuration.agents.items() if agent.sip.password}
    refused: Counter[str] = Counter()

    def heard(news: SystemNews) -> None:
        match news:
            case SenderRefused(why=why, address=address) if address == BROWSER_ADDRESS:
                # A page of ours whose telephone is taken back already: no stranger reaches this address.
                log.debug("SIP refused: a page whose telephone is no more", why=why)
            case SenderRefused(why=why, account=account, address=address):
                metrics.sip_refused(why)
                refused[why] += 1
                if account in agents and why in _WRONG_PASSWORD:  # any other name is the sender's own word
                    log.warning(
                        "SIP refused: not this agent's password", agent=account, why=why, address=address
                    )
                else:
                    log.warning("SIP refused: not a trunk or phone of ours", why=why, address=address)
                total = refused.total()
                health.set("SIP refused", True, f"{total} since the start, last from {address}", needed=False)
            case TrunkStatus(trunk=trunk, what=what, good=good, detail=detail) if trunk in trunks:
                away = detail == "Unreachable"
                if what == "contact" and away and trunk not in unreachable:
                    unreachable.add(trunk)
                    log.warning("trunk does not answer: no calls are placed over it", trunk=trunk)
                elif what == "contact" and not away and trunk in unreachable:
                    unreachable.discard(trunk)
                    log.info("trunk answers again", trunk=trunk)
                health.set(f"trunk {trunk}", good, detail, needed=False)
            case _:
                pass  # restarts are told by ARI, which then lists the channels

    return heard
