"""Spans of scoring requests and records of what was logged meanwhile, in OpenTelemetry's words.

A caller's ``traceparent`` (https://www.w3.org/TR/trace-context/) is honoured, and handed on while ``run()`` works: in
the environment as ``TRACEPARENT`` and ``TRACESTATE``, and, where the script has imported OpenTelemetry, as its current
span.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from zaffre.serving.collector import Collector
from zaffre.serving.otlp import Exporter, attributes, now_ns, packed
from zaffre.serving.request import Request

if TYPE_CHECKING:
    from types import ModuleType

_PARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_SERVER: Final = 2  # the kind of a span
_ERROR: Final = 2  # its status
_MOST_ALIKE: Final = 64  # methods and statuses of spans
_INFO: Final = 9
_SEVERITIES: Final = {"DEBUG": 5, "INFO": _INFO, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}


@dataclass(slots=True)
class Context:
    """The span of one request."""

    trace_id: str
    span_id: str
    parent_id: str
    state: str
    is_sampled: bool

    @property
    def header(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


class Tracer(logging.Handler):
    """Also a handler for our own log."""

    def __init__(self, collector: Collector, row: memoryview, route: str) -> None:
        super().__init__()
        self._collector = collector
        self._exporter = exporter = Exporter(collector, row)
        self._route = route
        self._token: Any = None
        self._has_state = False
        self._spans: dict[tuple[str, int], str] = {}
        exporter.start()
        # Not the script's generator, which it may have seeded: ids would come again.
        self._random = random.Random(int.from_bytes(os.urandom(16), "big"))  # noqa: S311

    def close(self) -> None:
        """Have what waits sent, for a few seconds at most."""
        super().close()
        self._exporter.close()

    def begin(self, requests: list[Request]) -> None:
        """``run()`` is called for these; what it is handed on is the first one's."""
        context = self.context(requests[0])
        os.environ["TRACEPARENT"] = context.header
        self._has_state = bool(context.state)
        if self._has_state:
            os.environ["TRACESTATE"] = context.state
        api = sys.modules.get("opentelemetry.trace")
        if api is not None:
            with contextlib.suppress(Exception):  # whatever version of it that is, the request is answered
                self._token = _attach(api, context)

    def end(self) -> None:
        os.environ.pop("TRACEPARENT", None)
        if self._has_state:
            os.environ.pop("TRACESTATE", None)
        if self._token is not None:
            sys.modules["opentelemetry.context"].detach(self._token)
            self._token = None

    def context(self, request: Request) -> Context:
        if request.context is None:
            request.context = self._context(request)
        found: Context = request.context
        return found

    def _context(self, request: Request) -> Context:
        given = _PARENT.fullmatch(request.header(b"traceparent"))
        span_id = f"{self._random.getrandbits(64) or 1:016x}"
        if given is None or not given[1].strip(b"0") or not given[2].strip(b"0"):
            trace_id = f"{self._random.getrandbits(128) or 1:032x}"
            return Context(trace_id, span_id, "", "", self._is_sampled(trace_id, None))
        trace_id = given[1].decode()
        sampled = self._is_sampled(trace_id, bool(int(given[3], 16) & 1))
        state = request.header(b"tracestate").decode("latin-1")
        state = state if state.isascii() and state.isprintable() else ""
        return Context(trace_id, span_id, given[2].decode(), state, sampled)

    def _is_sampled(self, trace_id: str, parent: bool | None) -> bool:
        sampler = self._collector.sampler
        if sampler.startswith("parentbased_"):
            if parent is not None:
                return parent
            sampler = sampler.removeprefix("parentbased_")
        if sampler == "traceidratio":
            return int(trace_id[16:], 16) < self._collector.ratio * 2**64
        return sampler == "always_on"

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """Have the span of a request sent."""
        context = self.context(request)
        if not context.is_sampled:
            return
        end = time.time_ns()
        more = f',"parentSpanId":"{context.parent_id}"' if context.parent_id else ""
        if context.state:
            more += f',"traceState":{json.dumps(context.state)}'
        self._exporter.span(
            f'{{"traceId":"{context.trace_id}","spanId":"{context.span_id}"{more},'
            f'"startTimeUnixNano":"{end - int(seconds * 1e9)}","endTimeUnixNano":"{end}",'
            f"{self._alike(request.method, status)},"
            f'{{"key":"zaffre.request_id","value":{{"stringValue":{json.dumps(request.request_id.decode("latin-1"))}}}}}]}}'
        )

    def _alike(self, method: str, status: int) -> str:
        """What is the same in many spans, up to the last of their attributes."""
        found = self._spans.get((method, status))
        if found is None:
            facts: dict[str, str | int] = {
                "http.request.method": method,
                "http.route": self._route,
                "http.response.status_code": status,
            }
            if status >= 500:
                facts["error.type"] = str(status)
            state = {"code": _ERROR} if status >= 500 else {}
            span = {
                "name": f"{method} {self._route}",
                "kind": _SERVER,
                "status": state,
                "attributes": attributes(facts),
            }
            if len(self._spans) >= _MOST_ALIKE:
                self._spans.clear()
            found = self._spans[method, status] = packed(span)[1:-2]
        return found

    def line(self, stream: str, text: str, requests: list[Request]) -> None:
        """A line that the script printed or logged."""
        facts: dict[str, str | int] = {"log.iostream": stream}
        record: dict[str, Any] = {"timeUnixNano": now_ns(), "body": {"stringValue": text}}
        if stream == "stdout":
            record |= {"severityNumber": _INFO}
        if requests:
            facts["zaffre.request_id"] = requests[0].request_id.decode("latin-1")
            context = self.context(requests[0])
            record |= {"traceId": context.trace_id, "spanId": context.span_id, "flags": int(context.is_sampled)}
        self._exporter.record(packed({**record, "attributes": attributes(facts)}))

    def emit(self, record: logging.LogRecord) -> None:
        made = {
            "timeUnixNano": str(int(record.created * 1e9)),
            "severityText": record.levelname,
            "severityNumber": _SEVERITIES.get(record.levelname, _INFO),
            "body": {"stringValue": record.getMessage()},
            "attributes": attributes({"log.logger": record.name}),
        }
        self._exporter.record(packed(made))


def _attach(api: ModuleType, context: Context) -> Any:
    """Make the request's span the current one for OpenTelemetry's own API, which the script uses."""
    flags = api.TraceFlags(int(context.is_sampled))
    span = api.SpanContext(int(context.trace_id, 16), int(context.span_id, 16), is_remote=True, trace_flags=flags)
    return sys.modules["opentelemetry.context"].attach(api.set_span_in_context(api.NonRecordingSpan(span)))
