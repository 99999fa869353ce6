"""The pages' templates: compiled once in a process, beforehand, and beside the loop that serves calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import cache

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from console import display

# Between two of them: the calls of an engine that starts in the middle of a day come first.
PAUSE_SECONDS = 0.05


@cache
def page_templates() -> Environment:
    """One for all: a large template takes tens of milliseconds to compile."""
    templates = Environment(
        loader=PackageLoader("console", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["phone"] = display.phone
    templates.filters["clock"] = display.duration
    templates.filters["queue_name"] = display.queue_name
    templates.filters["capitalize_first"] = display.capitalize_first
    return templates


async def compiled_beforehand(_: web.Application) -> AsyncIterator[None]:
    """aiohttp's cleanup context: else whoever opens a page first holds the loop while it is compiled."""
    task = asyncio.create_task(_compile_all())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@cache
def _left() -> list[str]:
    """Templates that nobody has compiled beforehand yet."""
    return page_templates().list_templates(extensions=("html",))


async def _compile_all() -> None:
    while left := _left():
        await asyncio.to_thread(page_templates().get_template, left.pop())
        await asyncio.sleep(PAUSE_SECONDS)
