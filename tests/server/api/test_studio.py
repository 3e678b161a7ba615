"""The Studio's files: pages for deep links, caching, and nothing but its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.rest import serve


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[TestClient]:
    """A browser that is not signed in, and a server with a small built Studio."""
    built = tmp_path / "studio"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Studio</title>")
    (built / "assets/main-1a2b.js").write_text("console.log(1)")
    (built / "favicon.svg").write_text("<svg/>")
    (tmp_path / "studio/secret").symlink_to(tmp_path / "home/token")
    with serve(tmp_path / "home", studio=built) as http:
        del http.headers["Authorization"]
        yield http


@pytest.mark.parametrize(
    "path", ["/", "/ws/lab", "/ws/lab/runs/x", "/experiments", "/runs/abc", "/models/m/1", "/endpoints/e", "/compute"]
)
def test_every_address_of_a_page_gives_the_page(nobody: TestClient, path: str) -> None:
    answer = nobody.get(path)
    assert answer.status_code == 200
    assert "<title>Studio</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy


def test_assets_are_kept_for_good_and_other_files_asked_for_anew(nobody: TestClient) -> None:
    script = nobody.get("/assets/main-1a2b.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    icon = nobody.get("/favicon.svg")
    assert (icon.headers["cache-control"], icon.headers["content-type"]) == ("no-cache", "image/svg+xml")
    assert nobody.head("/").status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"by brotli"),
        ("gzip;q=1.0, br;q=0", "gzip", b"by gzip"),
        ("identity", None, b"console.log(1)"),
        ("deflate", None, b"console.log(1)"),
    ],
)
def test_an_asset_is_sent_as_the_browser_understands_it(
    nobody: TestClient, tmp_path: Path, accepted: str, encoding: str | None, body: bytes
) -> None:
    assets = tmp_path / "studio/assets"
    (assets / "main-1a2b.js.br").write_bytes(b"by brotli")
    (assets / "main-1a2b.js.gz").write_bytes(b"by gzip")
    with nobody.stream("GET", "/assets/main-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
        assert b"".join(answer.iter_raw()) == body
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith(("text/javascript", "application/javascript"))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_an_asset_that_is_not_there_is_not_the_page(nobody: TestClient) -> None:
    answer = nobody.get("/assets/old-9f.js")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/secret", "/assets/../../home/token", "/assets/%2e%2e/%2e%2e/home/token", "/ws/../secret"]
)
def test_nothing_outside_is_served(nobody: TestClient, path: str, tmp_path: Path) -> None:
    assert (tmp_path / "home/token").read_text().strip() not in nobody.get(path).text


def test_a_link_in_the_folder_is_not_followed_out(nobody: TestClient, tmp_path: Path) -> None:
    (tmp_path / "studio/assets/link.js").symlink_to(tmp_path / "home/token")
    assert nobody.get("/assets/link.js").status_code == 404


def test_a_page_is_only_read(nobody: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert nobody.request(method, "/ws/lab").status_code == 401


def test_a_server_without_a_built_studio_says_how_to_build_it(tmp_path: Path) -> None:
    with serve(tmp_path / "home", studio=tmp_path / "none") as http:
        answer = http.get("/")
        assert answer.status_code == 200
        assert "make studio" in answer.text
