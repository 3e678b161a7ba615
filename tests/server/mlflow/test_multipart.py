"""Files in parts, and the other ways in and out that clients may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.mlflow.conftest import Door

BASE = "/api/2.0/mlflow-artifacts"


@pytest.fixture
def root(door: Door) -> str:
    return f"0/{door.run()}/artifacts"


def post(door: Door, path: str, body: object, status: int = 200) -> Any:
    answer = door.http.post(f"{BASE}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def begin(door: Door, root: str, parts: int = 2) -> Any:
    return post(door, f"mpu/create/{root}/d", {"path": "/home/me/big.bin", "num_parts": parts})


def send(door: Door, begun: Any, contents: list[bytes]) -> list[dict[str, Any]]:
    sent = []
    for credential, content in zip(begun["credentials"], contents, strict=True):
        answer = door.http.put(credential["url"], content=content, headers=credential["headers"])
        assert answer.status_code == 200, answer.text
        sent.append({"part_number": credential["part_number"], "etag": answer.headers["ETag"], "url": "x"})
    return sent


def test_a_file_comes_in_parts(door: Door, root: str) -> None:
    begun = begin(door, root, 2)
    parts = send(door, begun, [b"first,", b"second"])
    assert door.http.get(f"{BASE}/artifacts/{root}/d/big.bin").status_code == 404
    done = {"path": "/home/me/big.bin", "upload_id": begun["upload_id"], "parts": list(reversed(parts))}
    post(door, f"mpu/complete/{root}/d", done)
    assert door.http.get(f"{BASE}/artifacts/{root}/d/big.bin").content == b"first,second"
    post(door, f"mpu/complete/{root}/d", done, 404)


def test_a_part_may_be_sent_again(door: Door, root: str) -> None:
    begun = begin(door, root, 1)
    stale = send(door, begun, [b"half"])
    post(door, f"mpu/complete/{root}", {"path": "f", "upload_id": begun["upload_id"], "parts": stale}, 200)
    begun = begin(door, root, 1)
    send(door, begun, [b"half"])
    fresh = send(door, begun, [b"whole"])
    refused = post(door, f"mpu/complete/{root}", {"path": "f", "upload_id": begun["upload_id"], "parts": stale}, 400)
    assert "part-00001-5" in refused["message"]
    post(door, f"mpu/complete/{root}", {"path": "f", "upload_id": begun["upload_id"], "parts": fresh})
    assert door.http.get(f"{BASE}/artifacts/{root}/f").content == b"whole"


@pytest.mark.parametrize(
    ("parts", "status"),
    [([], 400), ([{"part_number": 2}], 400), ([{"part_number": 1}, {"part_number": 2}], 404)],
)
def test_what_is_not_complete_is_refused(door: Door, root: str, parts: object, status: int) -> None:
    begun = begin(door, root)
    door.http.put(begun["credentials"][0]["url"], content=b"x").raise_for_status()
    post(door, f"mpu/complete/{root}", {"path": "f", "upload_id": begun["upload_id"], "parts": parts}, status)
    assert door.http.get(f"{BASE}/artifacts/{root}/f").status_code == 404


def test_an_upload_that_is_given_up_is_gone(door: Door, root: str) -> None:
    begun = begin(door, root)
    post(door, f"mpu/abort/{root}/d", {"path": "big.bin", "upload_id": begun["upload_id"]})
    assert door.http.put(begun["credentials"][0]["url"], content=b"x").status_code == 404
    post(door, f"mpu/abort/{root}/d", {"path": "big.bin", "upload_id": begun["upload_id"]}, 404)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("mpu/create/{root}", {"path": "f", "num_parts": 0}, 400),
        ("mpu/create/{root}", {"path": "f", "num_parts": 10_001}, 400),
        ("mpu/create/{root}", {"num_parts": 1}, 400),
        ("mpu/create/{root}", {"path": "..", "num_parts": 1}, 400),
        ("mpu/create/{root}/%2e%2e/x", {"path": "f"}, 400),
        ("mpu/create/0/nobody/artifacts", {"path": "f"}, 404),
        ("mpu/complete/{root}", {"path": "f", "upload_id": "0" * 32, "parts": [{"part_number": 1}]}, 404),
    ],
)
def test_nothing_else_can_be_begun(door: Door, root: str, path: str, body: object, status: int) -> None:
    post(door, path.replace("{root}", root), body, status)


@pytest.mark.parametrize("path", ["x", "../1", f"{'0' * 32}/x", f"{'0' * 32}/1", f"{'0' * 32}/1/2"])
def test_parts_have_no_other_address(door: Door, path: str) -> None:
    assert door.http.put(f"{BASE}/mpu/part/{path}", content=b"x").status_code == 404


def test_presigned_addresses_are_refused_with_the_reason(door: Door, root: str) -> None:
    answer = door.http.get(f"{BASE}/presigned/{root}/f")
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    run_id = root.split("/")[1]
    for way in ("upload", "download"):
        assert door.post(f"artifacts/presigned-{way}-url", {"run_id": run_id, "path": "f"}, status=501)
        door.post(f"artifacts/presigned-{way}-url", {"run_id": run_id}, status=400)
        door.post(f"artifacts/presigned-{way}-url", {"path": "f"}, status=400)
        door.post(f"artifacts/presigned-{way}-url", {"run_id": "nobody", "path": "f"}, status=404)
        door.post(f"artifacts/presigned-{way}-url", {"run_id": run_id, "path": "../f"}, status=400)


def test_a_small_file_by_its_run(door: Door, root: str) -> None:
    run_id = root.split("/")[1]
    address = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=d/chart.json"
    assert door.http.post(address, content=b"{}").json() == {}
    assert door.http.get(f"{BASE}/artifacts/{root}/d/chart.json").content == b"{}"
    assert door.http.post(address, content=b"").status_code == 400
    assert door.http.post(address, content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
    for query in ("", f"?run_uuid={run_id}", "?path=x", f"?run_uuid={run_id}&path=../x"):
        assert door.http.post(f"/ajax-api/2.0/mlflow/upload-artifact{query}", content=b"x").status_code == 400
    assert door.http.post("/ajax-api/2.0/mlflow/upload-artifact?run_uuid=n&path=x", content=b"x").status_code == 404
