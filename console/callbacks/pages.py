"""All pages of callbacks."""

from __future__ import annotations

from aiohttp import web

from console.api.parts import ApiParts
from console.callbacks.deeds import CallbackDeeds
from console.callbacks.listing import CallbackList
from console.pages import Pages
from engine.desk.desks import Desks


def callback_routes(pages: Pages, parts: ApiParts, desks: Desks | None) -> list[web.RouteDef]:
    return [*CallbackList(pages, parts).routes(), *CallbackDeeds(pages, parts, desks).routes()]
