"""No page's template is left to be compiled while calls are served."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from console import page_templates
from tests.patience import patient


async def test_all_templates_are_compiled_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_templates, "PAUSE_SECONDS", 0.0)
    templates = page_templates.page_templates()
    names = templates.list_templates(extensions=("html",))

    def compiled() -> set[str]:
        return {name for _, name in (templates.cache or {})}

    async with asynccontextmanager(page_templates.compiled_beforehand)(web.Application()):
        async with asyncio.timeout(patient(20)):
            while not set(names) <= compiled():  # noqa: ASYNC110 - threads compile
                await asyncio.sleep(0.02)
    assert len(names) > 50
