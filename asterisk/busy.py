"""Channels that play or record: Asterisk serves nothing else on them that needs their own thread."""

from __future__ import annotations


class BusyChannels:
    """Which channels have a playback or a recording that has not ended, by its id."""

    def __init__(self) -> None:
        self._works: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def __contains__(self, channel_id: str) -> bool:
        return channel_id in self._count

    def begin(self, channel_id: str, work_id: str) -> None:
        self.end(work_id)
        self._works[work_id] = channel_id
        self._count[channel_id] = self._count.get(channel_id, 0) + 1

    def end(self, work_id: str) -> None:
        channel_id = self._works.pop(work_id, None)
        if channel_id is None:
            return
        self._count[channel_id] -= 1
        if not self._count[channel_id]:
            del self._count[channel_id]

    def forget(self, channel_id: str) -> None:
        """The channel has ended; Asterisk tells no end of its playbacks."""
        if channel_id in self._count:
            for work_id in [work for work, channel in self._works.items() if channel == channel_id]:
                self.end(work_id)

    def channels(self) -> frozenset[str]:
        return frozenset(self._count)
