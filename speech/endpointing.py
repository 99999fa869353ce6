"""Where speech begins and ends in a stream of 20 ms frames. Pure: its only clock is the audio itself.

What is said ("call an ... agent"), what the voice detector tells, and what comes out:

    audio    |......|call|an|......|agent|...........................|
    voiced   |...x..|xxxxxx |......|xxxxx|...........................|
                 |      |                 |<--- silence_seconds ---->|
                 |      SpeechBegan                                  SpeechEnded
                 |  <---> onset: voiced frames enough in a short window
             <----> start padding, counted back from the first voiced frame of the onset

A click (x) or crackling on the line is too short to fill the window and is no speech. A pause shorter than
the silence does not end the utterance. A lone voiced frame during the silence does not restart it either:
only `sustain_frames` voiced in a row do, so that noise after the last word cannot hold the turn open.
An utterance that reaches its longest length is ended there; if the caller goes on, the next one begins.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

FRAME_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """`start_frame`: the first frame to be recognised, padding included; frames count from 0."""

    start_frame: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """`seconds` from the onset to the last voiced frame; `end_frame` is the first one after the utterance.

    `at_limit`: cut off at the longest length rather than by silence.
    """

    end_frame: int
    seconds: float
    at_limit: bool


@dataclass(frozen=True, slots=True)
class EndpointingTimes:
    """In seconds of audio. `silence_seconds` ends an utterance; `longest_seconds` limits it.

    Speech begins when `onset_seconds` of the last `window_seconds` are voiced.
    """

    silence_seconds: float
    longest_seconds: float = 30.0
    onset_seconds: float = 0.08
    window_seconds: float = 0.16
    padding_seconds: float = 0.3
    sustain_seconds: float = 0.06

    def __post_init__(self) -> None:
        if not 0 < self.onset_seconds <= self.window_seconds:
            raise ValueError("The onset must be longer than 0 and fit into its window.")
        if self.silence_seconds < FRAME_SECONDS or self.longest_seconds < self.window_seconds:
            raise ValueError("The silence must last a frame and the longest utterance a window at least.")


class Endpointing:
    """Tell it each frame in turn; it answers with what just happened, or None."""

    def __init__(self, times: EndpointingTimes) -> None:
        self._onset = _frames(times.onset_seconds)
        self._padding = _frames(times.padding_seconds)
        self._silence = _frames(times.silence_seconds)
        self._longest = _frames(times.longest_seconds)
        self._sustain = min(_frames(times.sustain_seconds), self._silence)
        self._window: deque[bool] = deque(maxlen=_frames(times.window_seconds))
        self._frame = 0
        self._earliest_start = 0
        self._speaking = False
        self._onset_frame = 0
        self._last_voiced = 0
        self._voiced_run = 0

    @property
    def speaking(self) -> bool:
        return self._speaking

    @property
    def kept_frames(self) -> int:
        """How many frames back SpeechBegan may reach, the current one included."""
        return self._padding + (self._window.maxlen or 0)

    def hear(self, voiced: bool) -> SpeechBegan | SpeechEnded | None:
        """The next 20 ms frame."""
        frame = self._frame
        self._frame += 1
        self._voiced_run = self._voiced_run + 1 if voiced else 0
        return self._during(frame) if self._speaking else self._before(frame, voiced)

    def _before(self, frame: int, voiced: bool) -> SpeechBegan | None:
        self._window.append(voiced)
        if not voiced or sum(self._window) < self._onset:
            return None
        self._onset_frame = frame - len(self._window) + 1 + self._window.index(True)
        self._last_voiced = frame
        self._speaking = True
        self._window.clear()
        return SpeechBegan(max(self._earliest_start, self._onset_frame - self._padding))

    def _during(self, frame: int) -> SpeechEnded | None:
        if self._voiced_run >= self._sustain:
            self._last_voiced = frame
        at_limit = frame - self._onset_frame + 1 >= self._longest
        # A voiced frame may be the first of several: wait and see.
        silent = not self._voiced_run and frame - self._last_voiced >= self._silence
        if not silent and not at_limit:
            return None
        self._speaking = False
        self._voiced_run = 0
        # What one utterance has had is not given to the next one again.
        self._earliest_start = frame + 1
        spoken_frames = self._last_voiced - self._onset_frame + 1
        return SpeechEnded(frame + 1, spoken_frames * FRAME_SECONDS, at_limit)


def _frames(seconds: float) -> int:
    return max(1, round(seconds / FRAME_SECONDS))
