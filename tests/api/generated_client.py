"""A client that openapi-python-client makes of the API's own document."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
LIMIT_SECONDS = 50
NAME = "hotline_client"
# Files and sounds are bytes to the client; and its code need not be beautiful.
SETTINGS = """
post_hooks: []
content_type_overrides:
  audio/wav: application/octet-stream
  audio/ogg: application/octet-stream
  audio/mpeg: application/octet-stream
  text/csv: application/octet-stream
  application/zip: application/octet-stream
  text/plain: application/octet-stream
  application/x-ndjson: application/octet-stream
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: application/octet-stream
"""


def generate(document: bytes, folder: Path) -> str:
    """Write the package into `folder`; returns what the generator said. Raises CalledProcessError."""
    given, settings = folder / "openapi.json", folder / "settings.yaml"
    given.write_bytes(document)
    settings.write_text(SETTINGS)
    done = subprocess.run(
        [
            *(GENERATOR, "generate", "--path", given, "--output-path", folder / NAME),
            *("--meta", "none", "--config", settings),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    return done.stdout + done.stderr


class GeneratedClient:
    """`await client("create_contact", body=..., if_match=...)` calls the operation of that name."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self._folder = folder / NAME
        made = importlib.import_module(NAME)
        self.models: ModuleType = importlib.import_module(f"{NAME}.models")
        self._client = made.AuthenticatedClient(
            base_url=url, token=token, raise_on_unexpected_status=True, httpx_args={"trust_env": False}
        )

    def operations(self) -> set[str]:
        return {path.stem for path in self._folder.glob("api/*/*.py")} - {"__init__"}

    async def __call__(self, operation: str, *arguments: Any, **more: Any) -> Any:
        """The whole response: status_code, headers and what was parsed."""
        (path,) = self._folder.glob(f"api/*/{operation}.py")
        module = importlib.import_module(f"{NAME}.api.{path.parent.name}.{operation}")
        return await module.asyncio_detailed(*arguments, client=self._client, **more)

    async def close(self) -> None:
        await self._client.get_async_httpx_client().aclose()


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """The package of this folder, and none that was made before."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]
