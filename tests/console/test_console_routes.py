from __future__ import annotations

import asyncio
import json
import wave
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from yarl import URL

from console.event_stream import MOST_STREAMS
from console.recordings import find_recording
from engine.ports import StoreUnavailable, VisitorRefused
from tests.console.stage import BROWSER, PHONE, START, Stage, order_call

HTML = {"Accept": "text/html", "Accept-Language": "en"}
ICONS = Path("console/static/vendor/lucide/icons.svg").read_text(encoding="utf-8").splitlines()


async def text_of(client: TestClient, path: str, **headers: str) -> str:
    response = await client.get(path, headers={**HTML, **headers})
    assert response.status == 200, await response.text()
    return await response.text()


class Collected(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]


# --- pages ------------------------------------------------------------------------------------------------


async def test_first_run_tells_how_to_call(client: TestClient, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    page = await text_of(client, "/")
    assert "Your hotline works. Call it." in page
    assert "sip:100@127.0.0.1:5060" in page
    assert "Polish first, then English and Russian" in page
    assert "+48 22 000 01 42" in page


async def test_a_hotline_that_is_not_ready_says_what_is_wrong(client: TestClient, stage: Stage) -> None:
    stage.health.set("Asterisk", False, "Not connected: nothing listens on port 8088.")
    page = await text_of(client, "/")
    assert "works. Call it" not in page
    assert "Your hotline is not ready yet." in page
    assert "nothing listens on port 8088" in page
    offer = await client.post("/visitor/offer", json={"sdp": "v=0\r\n"})
    assert offer.status == 503


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pl", "Twoja infolinia działa."),
        ("ru", "Ваша линия работает."),
        ("de, ru;q=0.5", "Ваша линия"),
        ("de", "Your hotline"),
    ],
)
async def test_the_page_speaks_the_browsers_language(client: TestClient, language: str, words: str) -> None:
    assert words in await text_of(client, "/", **{"Accept-Language": language})


async def test_a_chosen_language_is_kept(client: TestClient) -> None:
    origin = f"http://127.0.0.1:{client.port}"
    response = await client.post(
        "/language",
        data={"language": "pl"},
        headers={"Origin": origin, "Referer": f"{origin}/calls?before=x"},
        allow_redirects=False,
    )
    assert (response.status, response.headers["Location"]) == (303, "/calls?before=x")
    assert "Historia kontaktów" in await text_of(client, "/calls", **{"Accept-Language": "en"})


async def test_language_never_leads_elsewhere(client: TestClient) -> None:
    for referer in (
        "http://example.org/a",
        "http://[broken",
        f"http://127.0.0.1:{client.port}//example.org/a",
    ):
        response = await client.post(
            "/language", data={"language": "ru"}, headers={"Referer": referer}, allow_redirects=False
        )
        assert response.headers["Location"] in ("/", "/example.org/a")
    assert (await client.post("/language", data={"language": "xx"})).status == 400
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await client.post("/language", data=b"no form", headers=broken)).status == 400


async def test_history_is_paged(client: TestClient, stage: Stage) -> None:
    for number in range(45):
        stage.queries.add(order_call(f"c{number}", start=START + timedelta(minutes=number)), PHONE)
    first = await text_of(client, "/calls")
    assert first.count("/calls/c") == 40
    assert "/calls?before=i-c5" in first
    second = await text_of(client, "/calls?before=i-c5")
    assert second.count('href="/calls/c') == 5
    assert "before=" not in second
    assert (await client.get("/calls?before=%00")).status == 400


async def test_a_call_shows_its_path_words_and_events(client: TestClient, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    page = await text_of(client, "/calls/c1")
    assert "Please key in your order number." in page
    assert '<kbd class="key">2</kbd><kbd class="key">0</kbd><kbd class="key">4</kbd>' in page
    assert "0:05.4" in page
    assert "94%" in page
    assert "unsure" in page  # heard at 0.41
    assert "pin = ••••" in page
    assert "Completed" in page
    assert "hx-get" not in page.split('id="call"')[1].split(">")[0]  # it has ended: nothing to fetch anew


async def test_callers_words_are_never_markup(client: TestClient, stage: Stage) -> None:
    events = order_call(caller="<script>alert(1)</script>")
    stage.queries.add(events, None)
    page = await text_of(client, "/calls/c1")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_the_visitors_own_call_is_shown_after_its_end(client: TestClient, stage: Stage) -> None:
    stage.queries.add(order_call(network_id="visitor-v1", caller=""), BROWSER)
    assert "Order 2 0 4 is on its way." in await text_of(client, "/parts/mine/v1?call=c1")
    for not_theirs in ("/parts/mine/v2?call=c1", "/parts/mine/v1?call=c2"):
        assert (await client.get(not_theirs)).status == 204


async def test_a_live_call_is_shown_and_so_is_the_visitors_own(client: TestClient, stage: Stage) -> None:
    call = stage.queries.add(order_call(ended=False, network_id="visitor-v1", caller=""), BROWSER)
    stage.live.put(call)
    assert "Browser" in await text_of(client, "/parts/live")
    mine = await text_of(client, "/parts/mine/v1")
    assert 'data-call="c1"' in mine
    assert "Order 2 0 4 is on its way." in mine
    assert "data-call" not in await text_of(client, "/parts/mine/v2")
    page = await text_of(client, "/calls/c1")
    assert 'hx-get="/parts/call/c1"' in page
    assert 'hx-sse:connect="/events?call=c1"' in page


@pytest.mark.parametrize("path", ["/", "/calls", "/calls/c1", "/calls/nope", "/parts/health", "/parts/setup"])
async def test_no_page_needs_what_its_policy_forbids(client: TestClient, stage: Stage, path: str) -> None:
    stage.queries.add(order_call(recording="gone.wav"), PHONE)
    stage.health.set("Speech", False, "no model", needed=False)
    response = await client.get(path, headers=HTML)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    page = await response.text()
    collected = Collected()
    collected.feed(page)
    assert not [
        a
        for a in collected.attributes
        if a[1] == "style" or a[1].startswith("on") or a[1].startswith("hx-on")
    ]
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("<script") == page.count("<script src=")
    known = {line.split('id="')[1].split('"')[0] for line in ICONS if "<symbol" in line}
    used = {
        value.split("#")[1] for tag, name, value in collected.attributes if tag == "use" and name == "href"
    }
    assert used <= known


async def test_static_files_are_served(client: TestClient) -> None:
    for name in ("console.css", "page.js", "call.js", "peer.js", "microphone.js", "vendor/htmx/htmx.min.js"):
        response = await client.get(f"/static/{name}")
        assert response.status == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (await client.get("/static/../application.py")).status == 404


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
    assert VisitorRefused is not RuntimeError


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
    assert find_recording(stage.recordings, name) is None
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


# --- live events ------------------------------------------------------------------------------------------


async def next_events(stream, *wanted: str) -> list[str]:
    """The names of events until all wanted ones have come."""
    seen: list[str] = []
    async with asyncio.timeout(10):
        while not set(wanted) <= set(seen):
            line = (await stream.content.readline()).decode().strip()
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
    return seen


async def test_events_tell_what_changed(client: TestClient, stage: Stage) -> None:
    async with client.get("/events?call=c1") as stream:
        assert stream.content_type == "text/event-stream"
        # What changed between the page and the stream is never missed: all is told at first.
        await next_events(stream, "clock", "health", "live", "call", "history", "flows")
        stage.live.put(stage.queries.add(order_call("c2", ended=False), PHONE))
        assert await next_events(stream, "live") == ["clock", "live"]
        stage.live.put(stage.queries.add(order_call("c1", ended=False), PHONE))
        stage.health.set("Asterisk", False, "away")
        assert await next_events(stream, "live", "health", "call") == ["clock", "health", "live", "call"]
        stage.live.changed("history")
        assert await next_events(stream, "history") == ["clock", "history"]


async def test_a_call_that_ended_is_looked_for_in_the_history(client: TestClient, stage: Stage) -> None:
    async with client.get("/events?call=c1") as stream:
        await next_events(stream, "flows")
        stage.live.put(stage.queries.add(order_call("c1", ended=False), PHONE))
        assert await next_events(stream, "live", "call") == ["clock", "live", "call"]
        stage.live.put(stage.queries.add(order_call("c1"), PHONE))
        assert await next_events(stream, "history") == ["clock", "live", "call", "history"]
        # The row may be written a little later than the call's end is told.
        assert await next_events(stream, "history") == ["clock", "call", "history"]


async def test_a_stream_that_fell_behind_is_told_everything(client: TestClient, stage: Stage) -> None:
    async with client.get("/events") as stream:
        await next_events(stream, "flows")
        for number in range(500):
            stage.live.changed(f"c{number}")
        told = set(await next_events(stream, "flows"))
        assert told == {"clock", "health", "live", "call", "history", "flows"}


async def test_streams_are_bounded_and_end_with_the_application(stage: Stage) -> None:
    runner = web.AppRunner(stage.application(), shutdown_timeout=5)
    await runner.setup()
    port = unused_port()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        streams = [await session.get(f"http://127.0.0.1:{port}/events") for _ in range(MOST_STREAMS)]
        refused = await session.get(f"http://127.0.0.1:{port}/events")
        assert refused.status == 503
        assert "100 pages" in (await refused.json())["error"]
        async with asyncio.timeout(4):
            await runner.cleanup()
            assert b"event: clock" in await streams[0].content.read()
        for stream in streams:
            stream.close()
