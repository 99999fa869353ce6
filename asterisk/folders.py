"""The runtime folder: what lies where in it, who may use it, and the passwords made on first start."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from asterisk.settings import AsteriskInstallation

_PASSWORD_BYTES = 24


class RuntimeFolderRefused(Exception):
    """The runtime folder cannot be used; the text is one sentence that says why and the remedy."""


@dataclass(frozen=True, slots=True)
class RuntimeFolders:
    """Places below one runtime folder, all absolute."""

    root: Path

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def spool(self) -> Path:
        """`monitor/` and `recording/` in it are written by MixMonitor and by ARI."""
        return self.root / "spool"

    @property
    def messages(self) -> Path:
        """Messages taken by the dialplan while the engine was away, as WAV."""
        return self.spool / "messages"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def data(self) -> Path:
        """Asterisk's data folder: links into the installation."""
        return self.root / "data"

    @property
    def cel_db(self) -> Path:
        return self.log / "cel.db"

    @property
    def control_socket(self) -> Path:
        return self.run / "asterisk.ctl"

    @property
    def pid_file(self) -> Path:
        return self.run / "asterisk.pid"

    @property
    def main_config(self) -> Path:
        return self.etc / "asterisk.conf"

    @property
    def message_log(self) -> Path:
        return self.log / "messages"

    @property
    def output_log(self) -> Path:
        """What Asterisk printed before and beside its log."""
        return self.log / "output"

    def make(self, installation: AsteriskInstallation) -> None:
        """Make what is missing, for this user only. Raises RuntimeFolderRefused."""
        try:
            places = (self.run, self.log, self.log / "cdr-csv", self.messages, self.state, self.data)
            more = (
                self.spool / "monitor",
                self.spool / "recording",
                self.spool / "tmp",
                self.etc,
                self.state / "keys",
            )
            for place in (self.root, *places, *more):
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.chmod(0o700)
            for entry in installation.data_dir.iterdir():
                if entry.name not in ("sounds", "moh"):
                    _link(self.data / entry.name, entry)
            _link(self.data / "sounds", installation.sounds_dir)
            _link(self.data / "moh", installation.music_dir)
        except OSError as error:
            raise RuntimeFolderRefused(
                f"The runtime folder {self.root} cannot be made ({error.strerror}: {error.filename}): "
                "free it or set another `runtime_dir`."
            ) from error


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords of Asterisk's interfaces, random and known to this user only."""

    ari_password: str
    ami_password: str
    media_password: str

    def __repr__(self) -> str:
        return "Secrets(hidden)"


def load_secrets(folders: RuntimeFolders) -> Secrets:
    """The passwords of this runtime folder, made when there are none yet. Raises RuntimeFolderRefused."""
    path = folders.root / "secrets.json"
    try:
        path.chmod(0o600)
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _made_secrets(path)
    except (OSError, TypeError, ValueError) as error:
        raise RuntimeFolderRefused(
            f"{path} cannot be read ({error}): delete it and start again to have new passwords made."
        ) from error


def _made_secrets(path: Path) -> Secrets:
    made = Secrets(*(secrets.token_urlsafe(_PASSWORD_BYTES) for _ in range(3)))
    try:
        write_private(path, json.dumps(asdict(made), indent=2) + "\n")
    except OSError as error:
        raise RuntimeFolderRefused(
            f"{path} cannot be written ({error.strerror}): make room or set another `runtime_dir`."
        ) from error
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: readers see the old one or the new one."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def hold_folder(folders: RuntimeFolders) -> IO[str]:
    """Keep the folder for this process until the returned file is closed. Raises RuntimeFolderRefused.

    The kernel drops the lock when the process dies, and Asterisk does not inherit it.
    """
    path = folders.root / "engine.lock"
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise RuntimeFolderRefused(
            f"{path} cannot be written ({error.strerror}): free it or set another `runtime_dir`."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise RuntimeFolderRefused(
            f"A hotline already runs in {folders.root} (process {holder}): "
            "stop it or set another `runtime_dir`."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    place.unlink(missing_ok=True)
    place.symlink_to(target)
