"""All pages of messages."""

from __future__ import annotations

from aiohttp import web

from console.api.parts import ApiParts
from console.messages.figures import FigureReading, StatisticsPages
from console.messages.listing import MessageList
from console.messages.mailings import MailingPages
from console.messages.means import MessageMeans
from console.messages.one import MessagePage
from console.messages.providers import ProviderPages
from console.messages.templates import TemplatePages
from console.pages import Pages


def message_routes(pages: Pages, parts: ApiParts, means: MessageMeans) -> list[web.RouteDef]:
    """A message's own page last: its address would take the others'."""
    desk, reading = means.mailings, FigureReading(parts, means.statistics)
    return [
        *(() if desk is None else MailingPages(pages, parts, desk, reading).routes()),
        *StatisticsPages(pages, parts, means, reading).routes(),
        *MessageList(pages, parts, means).routes(),
        *TemplatePages(pages, parts, means).routes(),
        *ProviderPages(pages, parts, means).routes(),
        *MessagePage(pages, parts, means).routes(),
    ]
