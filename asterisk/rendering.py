"""Asterisk's configuration files, rendered from the templates into a runtime folder."""

from __future__ import annotations

from pathlib import Path

import jinja2

from asterisk.cel import CEL_COLUMNS
from asterisk.folders import RuntimeFolders, Secrets, write_private
from asterisk.settings import (
    AMI_USER,
    ARI_USER,
    CALLER_MEDIA_CLIENTS,
    LOOPBACK_ADDRESS,
    AsteriskInstallation,
    AsteriskSettings,
    check_settings,
)

_TEMPLATE_PLACES = (
    Path(__file__).parents[1] / "asterisk-conf",  # a checkout
    Path(__file__).parents[1] / "infolinia" / "data" / "asterisk-conf",  # an installed wheel
)


def find_templates() -> Path:
    """The folder of the templates. Raises FileNotFoundError when the installation lacks it."""
    for place in _TEMPLATE_PLACES:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"Asterisk's templates are missing ({_TEMPLATE_PLACES[0]}): install infolinia again."
    )


def render(
    settings: AsteriskSettings,
    installation: AsteriskInstallation,
    secrets: Secrets,
    templates: Path | None = None,
) -> dict[str, str]:
    """Every file by its name. Raises SettingsRefused."""
    check_settings(settings)
    place = templates or find_templates()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(place),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - not HTML; check_settings refuses what could break a line
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {
        "settings": settings,
        "installation": installation,
        "secrets": secrets,
        "folders": RuntimeFolders(settings.runtime_dir.absolute()),
        "ari_user": ARI_USER,
        "ami_user": AMI_USER,
        "loopback_address": LOOPBACK_ADDRESS,
        "cel_columns": CEL_COLUMNS,
        "caller_media_clients": CALLER_MEDIA_CLIENTS,
    }
    return {
        name: environment.get_template(name).render(values)
        for name in sorted(path.name for path in place.glob("*.conf"))
    }


def rendered(folders: RuntimeFolders) -> dict[str, str]:
    """The files as they were written last."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folders.etc.glob("*.conf"))}


def write_rendered(files: dict[str, str], folders: RuntimeFolders) -> None:
    """Put the files in place, each in one step, and remove those no longer rendered."""
    for path in folders.etc.glob("*.conf"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        write_private(folders.etc / name, text)
