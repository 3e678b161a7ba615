"""What each route answers, without HTTP's mechanics: everything but the calls of ``run()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from zaffre.serving import metrics
from zaffre.serving.keys import Keys
from zaffre.serving.page import page
from zaffre.serving.request import ID_FAULTS, Request
from zaffre.serving.results import Answer, message, unauthorised
from zaffre.serving.settings import Settings
from zaffre.serving.swagger import Swagger

_TEXT: Final = b"text/html; charset=utf-8"
_SCORE_METHODS: Final = ("GET", "POST", "OPTIONS")
_NOT_FOUND: Final = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
    "try again."
)
_NOT_ALLOWED: Final = "The method is not allowed for the requested URL."


class App:
    """Routes ``/``, ``/ready``, ``/score``, ``/swagger.json``, ``/metrics`` and ``/docs`` below the service's prefix.

    It exists only after ``init()`` returned, so whatever answers is ready.
    """

    def __init__(self, settings: Settings, swagger: Swagger, read_metrics: Callable[[], bytes], *, raw: bool) -> None:
        self._settings = settings
        self._swagger = swagger
        self._read_metrics = read_metrics
        self._keys = Keys(settings.keys_file) if settings.keys_file is not None else None
        self._raw = raw  # run() takes the whole request, whatever its method
        prefix = settings.prefix
        self.score_path: Final = f"{prefix}/score"
        self._open: dict[str, Callable[[Request], Answer]] = {
            f"{prefix}/": lambda _: Answer(200, b"Healthy", _TEXT, failed=None),
            f"{prefix}/ready": lambda _: Answer(200, b"Ready", _TEXT, failed=None),
        }
        if prefix:
            self._open[prefix] = self._open[f"{prefix}/"]
        self._closed: dict[str, Callable[[Request], Answer]] = {
            f"{prefix}/swagger.json": self._document,
            f"{prefix}/metrics": lambda _: Answer(200, self._read_metrics(), metrics.TYPE, failed=None),
            f"{prefix}/docs": lambda _: Answer(200, page(settings, swagger), _TEXT, failed=None),
        }

    def is_probe(self, beginning: bytes) -> bool:
        """Whether the first bytes of a request show that it is answered here: any that is not for ``/score``."""
        line = beginning.partition(b"\r\n")
        if not line[1]:
            return False
        _, _, rest = line[0].partition(b" ")
        return not rest.startswith(self.score_path.encode())

    def answer(self, request: Request) -> Answer | None:
        """The answer; None where ``run()`` has to make it."""
        if request.fault is not None:
            status, text = request.fault
            own = b"" if text in ID_FAULTS else request.request_id
            return message(status, text, request_id=own)
        if request.path != self.score_path:
            return self._other(request)
        method = request.method
        if method not in _SCORE_METHODS and not (method == "HEAD" and self._raw):
            return message(405, "Method not allowed" if method == "HEAD" else _NOT_ALLOWED)
        if method == "OPTIONS" and not self._raw:
            return Answer(200, b"", _TEXT)
        return self._refused(request)

    def _other(self, request: Request) -> Answer:
        make = self._open.get(request.path)
        if make is None:
            make = self._closed.get(request.path)
            if make is None:
                return message(404, _NOT_FOUND)
            if (refused := self._refused(request)) is not None:
                return refused
        if request.method == "OPTIONS":
            return Answer(200, b"", _TEXT, [(b"allow", b"GET, HEAD, OPTIONS")], failed=None)
        if request.method not in ("GET", "HEAD"):
            return message(405, _NOT_ALLOWED)
        return make(request)

    def _refused(self, request: Request) -> Answer | None:
        if self._keys is None or (why := self._keys.refusal(request.headers)) is None:
            return None
        return unauthorised(why, request.request_id.decode("latin-1"))

    def _document(self, request: Request) -> Answer:
        query = dict(parse_qsl(request.query.decode("latin-1"), keep_blank_values=True))
        return self._swagger.answer(query.get("version", "2"))
