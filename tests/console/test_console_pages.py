"""The pages: what they say, in which language, and that they keep their own policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from tests.console.stage import BROWSER, HTML, ICONS, PHONE, START, Collected, Stage, order_call, text_of


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
