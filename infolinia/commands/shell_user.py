"""Who types a command, for the audit log."""

from __future__ import annotations

import getpass
import os

from engine.registers.actor import Actor, ActorKind


def shell_user() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = f"uid {os.getuid()}"
    return Actor(ActorKind.COMMAND, name)
