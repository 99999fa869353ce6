"""Who may ask, visitors' calls, recordings and probes; bad requests get one sentence."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from engine.ports import StoreUnavailable
from store.recordings.vault import RecordingVault
from tests.console.stage import HTML, PHONE, Stage, order_call, text_of

# --- who may ask ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["example.org", "localhost.example.org:8080", "10.0.0.1:8080", "", "[::1", "127.0.0.1@evil"]
)
async def test_a_foreign_host_name_is_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/metrics", "/readyz", "/events"):
        response = await client.get(path, headers={"Host": host})
        assert response.status == 403
        assert "localhost" in (await response.json())["error"]


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
async def test_the_machines_own_names_are_served(client: TestClient, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_may_not_call(
    client: TestClient, stage: Stage, headers: dict[str, str]
) -> None:
    response = await client.post("/visitor/offer", json={"sdp": "v=0\r\n"}, headers=headers)
    assert response.status == 403
    assert (await client.delete("/visitor/v1", headers=headers)).status == 403
    assert stage.visitors.offers == stage.visitors.left == []


# --- visitors ---------------------------------------------------------------------------------------------


async def test_a_visitor_calls_presses_and_hangs_up(client: TestClient, stage: Stage) -> None:
    response = await client.post("/visitor/offer", json={"sdp": "v=0\r\n"})
    assert await response.json() == {"visitor": "v1", "sdp": "v=0\r\n"}
    assert stage.visitors.offers == [("v=0\r\n", "100")]
    assert (await client.post("/visitor/v1/keys", json={"keys": "12#"})).status == 204
    assert await (await client.get("/visitor/v1")).json() == {"there": True}
    assert (await client.delete("/visitor/v1")).status == 204
    assert await (await client.get("/visitor/v1")).json() == {"there": False}
    assert stage.visitors.pressed == [("v1", "12#")]
    assert stage.visitors.left == ["v1"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("{", 400, "not JSON"),
        ("[]", 400, "JSON object"),
        ("[" * 50_000, 400, "not JSON"),
        ("{}", 400, "v=0"),
        (json.dumps({"sdp": 5}), 400, "v=0"),
        (json.dumps({"sdp": "v=0" + "x" * 40_000}), 413, "longer than 32 kB"),
        (json.dumps({"sdp": "v=0" + "x" * 90_000}), 413, "too large"),
        (json.dumps({"sdp": "v=0", "number": "sip:evil@example.org"}), 400, "`number`"),
    ],
)
async def test_a_bad_offer_is_answered_with_one_sentence(
    client: TestClient, stage: Stage, body: str, status: int, says: str
) -> None:
    response = await client.post("/visitor/offer", data=body, headers={"Content-Type": "application/json"})
    assert response.status == status
    assert says in (await response.json())["error"]
    assert stage.visitors.offers == []


@pytest.mark.parametrize("path", ["/calls/%00", "/calls?before=%00", "/parts/mine/v1?call=%00"])
async def test_a_zero_byte_reaches_no_database(client: TestClient, path: str) -> None:
    response = await client.get(URL(path, encoded=True))
    assert (response.status, "zero byte" in (await response.json())["error"]) == (400, True)


async def test_other_bad_requests(client: TestClient, stage: Stage) -> None:
    assert (
        await client.post("/visitor/offer", data="v=0", headers={"Content-Type": "text/plain"})
    ).status == 415
    assert (await client.post("/visitor/v9/keys", json={"keys": "1"})).status == 404
    assert (await client.post("/visitor/v9/keys", json={"keys": "1a"})).status == 400
    wrong = await client.get("/visitor/v1/keys")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    stage.visitors.refusal = "All 20 lines for browsers are taken; try again later."
    full = await client.post("/visitor/offer", json={"sdp": "v=0"})
    assert full.status == 409
    assert (await full.json())["error"] == stage.visitors.refusal
    assert "error" in await (await client.get("/nowhere", headers={"Accept": "application/json"})).json()
    lost = await client.get("/calls/nope", headers=HTML)
    assert lost.status == 404
    assert "There is no such call" in await lost.text()


async def test_a_fault_of_ours_is_told_without_its_inside(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(sdp: str, dialled: str) -> None:
        raise RuntimeError("secret detail")

    stage.visitors.offer = broken  # type: ignore[method-assign, assignment]
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        response = await client.post("/visitor/offer", json={"sdp": "v=0"})
        assert response.status == 500
        assert "secret" not in await response.text()
    assert "secret detail" in caplog.text


async def test_a_database_that_does_not_answer_is_said_so(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(**wanted: object) -> None:
        raise StoreUnavailable("secret detail")

    stage.queries.history = away  # type: ignore[method-assign, assignment]
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        response = await client.get("/calls", headers=HTML)
        assert response.status == 503
        text = await response.text()
    assert "The database does not answer." in text
    assert "secret" not in text
    assert "secret detail" in caplog.text


# --- recordings -------------------------------------------------------------------------------------------


def write_wave(path: Path, seconds: int = 1) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * 8000 * seconds)


@pytest.mark.parametrize("name", ["m1", "m1.wav", "FULL"])
async def test_a_recording_is_served_whole_and_by_range(client: TestClient, stage: Stage, name: str) -> None:
    file = stage.recordings / "m1.wav"
    write_wave(file)
    stage.queries.add(order_call(recording=str(file) if name == "FULL" else name), PHONE)
    assert 'src="/calls/c1/recording"' in await text_of(client, "/calls/c1")
    whole = await client.get("/calls/c1/recording")
    assert whole.status == 200
    assert whole.content_type == "audio/wav"
    part = await client.get("/calls/c1/recording", headers={"Range": "bytes=100-199"})
    assert part.status == 206
    assert await part.read() == file.read_bytes()[100:200]


@pytest.mark.parametrize(
    "name", ["../outside", "../outside.wav", "/etc/passwd", "link", "m1.txt", "x" * 4000, "a\0b", "gone"]
)
async def test_no_name_leads_out_of_the_recordings_folder(
    client: TestClient, stage: Stage, name: str
) -> None:
    outside = stage.recordings.parent / "outside.wav"
    write_wave(outside)
    (stage.recordings / "link.wav").symlink_to(outside)
    (stage.recordings / "m1.txt").write_text("no sound")
    assert RecordingVault(stage.recordings).open(name) is None
    stage.queries.add(order_call(recording=name), PHONE)
    response = await client.get("/calls/c1/recording")
    assert response.status == 404
    assert "recordings folder" in (await response.json())["error"]
    assert "no longer in its folder" in await text_of(client, "/calls/c1")


async def test_a_call_without_a_recording(client: TestClient, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    assert (await client.get("/calls/c1/recording")).status == 404
    assert (await client.get("/calls/..%2F..%2Fetc/recording")).status == 404


# --- probes -----------------------------------------------------------------------------------------------


async def test_probes_tell_the_truth(client: TestClient, stage: Stage) -> None:
    assert await (await client.get("/healthz")).json() == {"alive": True}
    ready = await client.get("/readyz")
    assert ready.status == 200
    stage.health.set("Asterisk", False, "restarting")
    away = await client.get("/readyz")
    assert away.status == 503
    body = await away.json()
    assert body["ready"] is False
    assert {"name": "Asterisk", "ok": False, "needed": True, "detail": "restarting"} in body["conditions"]
    assert (await client.get("/healthz")).status == 200


async def test_metrics(client: TestClient, stage: Stage) -> None:
    stage.live.put(stage.queries.add(order_call("live", ended=False), PHONE))
    stage.metrics.call_ended(stage.queries.add(order_call("done"), PHONE))
    stage.metrics.sip_refused()
    response = await client.get("/metrics")
    assert response.content_type == "text/plain"
    text = await response.text()
    assert 'infolinia_calls_total{direction="inbound",outcome="completed"} 1.0' in text
    assert 'infolinia_calls_live{direction="inbound"} 1.0' in text
    assert 'infolinia_sip_refused_total{reason="not a trunk"} 1.0' in text
    assert "infolinia_ready 1.0" in text
    assert "220000142" not in text
