"""A registry of images in a few lines: what the engine asks when it pushes and fetches, kept in memory.

The protocol is the OCI's distribution specification, as far as Docker's engine uses it.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit


class ImageRegistry:
    """``manifests``: "name:tag" and "name@digest" -> type and content. ``sign_in`` is a "user:password", if any."""

    def __init__(self, sign_in: str = "") -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        self.sign_in = sign_in
        self.address = ""

    @property
    def tags(self) -> list[str]:
        return sorted(name for name in self.manifests if "@" not in name)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: ImageRegistry

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self._is_known():
            return
        path = urlsplit(self.path).path
        blob = re.fullmatch(r"/v2/(.+)/blobs/(sha256:\w+)", path)
        manifest = re.fullmatch(r"/v2/(.+)/manifests/(\S+)", path)
        if path == "/v2/":
            self._answer(200, b"{}")
        elif blob is not None and blob[2] in self.registry.blobs:
            self._answer(200, self.registry.blobs[blob[2]], digest=blob[2])
        elif manifest is not None and (found := self.registry.manifests.get(_key(manifest[1], manifest[2]))):
            self._answer(200, found[1], kind=found[0], digest=_digest(found[1]))
        else:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "not here"}]}')

    def do_POST(self) -> None:
        if self._is_known():
            number = str(len(self.registry.uploads))
            self.registry.uploads[number] = self._body()
            self._answer(202, location=urlsplit(self.path).path.rstrip("/") + f"/{number}")

    def do_PATCH(self) -> None:
        path = urlsplit(self.path).path
        number = path.rpartition("/")[2]
        self.registry.uploads[number] += self._body()
        self._answer(202, location=path, reach=f"0-{len(self.registry.uploads[number]) - 1}")

    def do_PUT(self) -> None:
        parts = urlsplit(self.path)
        body = self._body()
        manifest = re.fullmatch(r"/v2/(.+)/manifests/(\S+)", parts.path)
        if manifest is not None:
            entry = (self.headers.get("Content-Type") or "", body)
            self.registry.manifests[_key(manifest[1], manifest[2])] = entry
            self.registry.manifests[_key(manifest[1], _digest(body))] = entry
            self._answer(201, digest=_digest(body), location=parts.path)
            return
        whole = self.registry.uploads[parts.path.rpartition("/")[2]] + body
        (digest,) = parse_qs(parts.query)["digest"]
        assert digest == _digest(whole)
        self.registry.blobs[digest] = whole
        self._answer(201, digest=digest, location=f"/v2/blobs/{digest}")

    def _is_known(self) -> bool:
        expected = f"Basic {base64.b64encode(self.registry.sign_in.encode()).decode()}"
        if not self.registry.sign_in or self.headers.get("Authorization") == expected:
            return True
        self._body()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="registry"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(
        self, status: int, body: bytes = b"", *, kind: str = "", digest: str = "", location: str = "", reach: str = ""
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind or "application/octet-stream", "Docker-Content-Digest": digest}
        headers |= {"Location": location, "Range": reach, "Docker-Distribution-Api-Version": "registry/2.0"}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _key(name: str, reference: str) -> str:
    return f"{name}@{reference}" if reference.startswith("sha256:") else f"{name}:{reference}"


@contextmanager
def image_registry(sign_in: str = "") -> Iterator[ImageRegistry]:
    registry = ImageRegistry(sign_in)
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    registry.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
