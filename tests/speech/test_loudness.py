from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.loudness import TARGET_DBFS, Loudness, NoiseFloor, amplified, level_dbfs


def noise(dbfs: float, samples: int = 16000) -> bytes:
    sound = np.random.default_rng(3).normal(size=samples) * 10 ** (dbfs / 20) * 32768
    return bytes(np.clip(sound, -32768, 32767).astype("<i2").tobytes())


def test_the_level_of_a_frame() -> None:
    assert level_dbfs(noise(-30.0)) == pytest.approx(-30.0, abs=0.2)
    assert level_dbfs(bytes(320)) == level_dbfs(b"") == -100.0


@pytest.mark.parametrize("dbfs", [-37.0, -25.0, -15.0])
def test_speech_is_brought_to_the_usual_level(dbfs: float) -> None:
    loudness = Loudness()
    for _ in range(20):
        loudness.hear(dbfs)
    assert level_dbfs(amplified(noise(dbfs), loudness.gain())) == pytest.approx(TARGET_DBFS, abs=0.5)


def test_nothing_heard_is_left_as_it_is() -> None:
    assert Loudness().gain() == 1.0


def test_a_caller_who_comes_closer_is_followed() -> None:
    loudness = Loudness()
    for _ in range(1000):
        loudness.hear(-40.0)
    far = loudness.gain()
    for _ in range(500):
        loudness.hear(-20.0)
    assert loudness.gain() < far / 5


def test_the_floor_falls_at_once_and_rises_slowly() -> None:
    floor = NoiseFloor()
    for _ in range(5):
        floor.hear(-55.0)
    for _ in range(10):
        floor.hear(-20.0)
    assert floor.stands_out(-20.0, 6.0)  # 200 ms of a voice
    for _ in range(500):
        floor.hear(-35.0)
    assert not floor.stands_out(-35.0, 6.0)  # 10 s of a steady hum
    floor.hear(-60.0)
    assert floor.stands_out(-35.0, 6.0)


@given(st.lists(st.floats(-100, 0), max_size=300))
def test_a_loud_voice_always_stands_out(levels: list[float]) -> None:
    floor = NoiseFloor()
    for dbfs in levels:
        floor.hear(dbfs)
    assert floor.stands_out(-20.0, 6.0)
    assert not floor.stands_out(-70.0, 3.0)


def test_amplifying_is_limited_to_full_scale() -> None:
    loud = np.frombuffer(amplified(noise(-6.0), 16.0), dtype="<i2")
    assert loud.max() == 32767
    assert loud.min() == -32768
