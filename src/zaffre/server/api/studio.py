"""The Studio's files: the page for every address that is one of its own, and assets that never change."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from zaffre.core.errors import InvalidName
from zaffre.core.names import check_artifact_path

ASSETS = "assets"  # file names there carry the hash of their content
PACKAGED = Path(__file__).resolve().parent.parent / "studio_dist"

_COPIES = (("br", ".br"), ("gzip", ".gz"))
_YEAR = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
_MISSING = """<!doctype html><meta charset="utf-8"><title>Zaffre</title>
<h1>The Studio is not built</h1>
<p>This server runs from a source checkout. Build the Studio with <code>make studio</code>, then reload this page.</p>
"""


class Studio:
    """Serves one built Studio. Its files hold no data, so anyone may read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def answer(self, request: Request) -> Response:
        """A file of the Studio, or its page: which one it shows, the page reads from its address."""
        path = request.url.path.lstrip("/")
        file = self._file(path)
        if file is not None:
            caching = _YEAR if path.startswith(f"{ASSETS}/") else "no-cache"
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            headers = _headers(caching)
            if path.startswith(f"{ASSETS}/"):
                file, encoding = _encoded(file, request.headers.get("accept-encoding", ""))
                headers |= {"Vary": "Accept-Encoding"} | ({"Content-Encoding": encoding} if encoding else {})
            return FileResponse(file, headers=headers, media_type=kind)
        if path.startswith(f"{ASSETS}/"):
            return HTMLResponse("There is no such file in the Studio.", 404, _headers("no-store"))
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_MISSING, 200, _headers("no-store"))
        return FileResponse(index, headers=_headers("no-cache"), media_type="text/html")

    def _file(self, path: str) -> Path | None:
        try:
            file = (self._folder / check_artifact_path(path)).resolve()
        except InvalidName:
            return None
        return file if file.is_file() and file.is_relative_to(self._folder) else None


def _encoded(file: Path, accepted: str) -> tuple[Path, str | None]:
    """The compressed copy that the build left beside an asset, the smaller one first; else the asset as it is."""
    offers = [offer.partition(";") for offer in accepted.lower().split(",")]
    names = {name.strip() for name, _, quality in offers if quality.replace(" ", "") not in ("q=0", "q=0.0")}
    for encoding, ending in _COPIES:
        copy = file.with_name(file.name + ending)
        if encoding in names and copy.is_file():
            return copy, encoding
    return file, None


def _headers(caching: str) -> dict[str, str]:
    return {"Cache-Control": caching, "Content-Security-Policy": _POLICY}
