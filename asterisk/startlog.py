"""What Asterisk's log says of a failed start, as sentences."""

from __future__ import annotations

from asterisk.folders import RuntimeFolders


def start_errors(folders: RuntimeFolders) -> list[str]:
    return []
