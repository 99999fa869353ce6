"""Export and erasure over the API, and who may."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

from tests.api.serving import RunningApi, both_databases

PHONE = "+48600000091"


async def _made(api: RunningApi) -> str:
    body = {"name": "Janina <Próbna>", "points": [{"kind": "phone", "value": PHONE}]}
    made = await api.token().post("/contacts", body)
    assert made.status == 201, made.raw
    return str(made.json["id"])


@both_databases
async def test_a_person_is_exported_and_erased(api: RunningApi) -> None:
    id_ = await _made(api)
    reply = await api.person("manager").get(f"/contacts/{id_}/export")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(reply.raw)) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("person.json"))
        page = archive.read("index.html").decode()
        sums = archive.read("SHA256SUMS").decode()
        for line in sums.splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert [row["value"] for row in told["contact_points"]] == [PHONE]
    assert "Janina &lt;Próbna&gt;" in page

    admin = api.person("admin")
    erased = await admin.post(f"/contacts/{id_}/erase", {"reason": "asked in a letter"})
    assert (erased.status, erased.json["state"], erased.json["left"]) == (200, "complete", {})
    assert erased.json["counts"]["contacts"] == 1
    assert (await admin.get(f"/contacts/{id_}")).status == 404
    again = await admin.post(f"/contacts/{id_}/erase", {"reason": "x"})
    assert again.json == erased.json
    listed = await admin.get("/erasures")
    assert listed.json == {"items": [erased.json], "next": None}
    assert (await admin.get(f"/contacts/{id_}/export")).status == 404
    assert (await admin.post("/contacts/nobody/erase", {"reason": "x"})).status == 404


async def test_a_hold_refuses_it(api: RunningApi) -> None:
    id_ = await _made(api)
    admin = api.person("admin")
    hold = await admin.post("/legal-holds", {"subject": f"contact:{id_}", "reason": "a court asks"})
    assert hold.status == 200, hold.raw
    refused = await admin.post(f"/contacts/{id_}/erase", {"reason": "asked"})
    assert refused.status == 422
    assert "legal hold" in refused.json["errors"][0]["message"]
    assert (await admin.get("/legal-holds")).json == {"items": [hold.json]}
    lifted = await admin.post(f"/legal-holds/{hold.json['id']}/lift")
    assert lifted.json["lifted_at"] is not None
    assert (await admin.post(f"/contacts/{id_}/erase", {"reason": "asked"})).status == 200


async def test_only_some_may(api: RunningApi) -> None:
    id_ = await _made(api)
    for role, status in (("agent", 403), ("supervisor", 403), ("manager", 200)):
        assert (await api.person(role).get(f"/contacts/{id_}/export")).status == status
    reader = api.token("privacy:read", "contacts:write")
    assert (await reader.post(f"/contacts/{id_}/erase", {"reason": "x"})).status == 403
    assert (await api.person("manager").post(f"/contacts/{id_}/erase", {"reason": "x"})).status == 403
    assert (await api.token("contacts:read").get(f"/contacts/{id_}/export")).status == 403
    assert (await api.person("admin").post(f"/contacts/{id_}/erase", {})).wrong_fields == ["body.reason"]
