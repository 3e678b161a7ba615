"""Where spans and log records go: OpenTelemetry's own environment variables
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_SAMPLERS: Final = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)


@dataclass(frozen=True, slots=True)
class Destination:
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    traces: Destination | None
    logs: Destination | None
    timeout: float = 10.0  # seconds
    certificate: str | None = None
    sampler: str = "parentbased_always_on"
    ratio: float = 1.0
    resource: Mapping[str, str] = field(default_factory=dict)


def read_collector(environ: Mapping[str, str], service: str, version: str) -> tuple[Collector | None, list[str]]:
    """Where the variables say to send what, None for nowhere; and sentences about what cannot be honoured."""
    remarks: list[str] = []
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None, remarks
    traces = _destination(environ, "TRACES", "v1/traces", remarks)
    logs = _destination(environ, "LOGS", "v1/logs", remarks)
    if traces is None and logs is None:
        return None, remarks
    resource = {"service.name": service, "service.version": version, **_pairs(environ, "OTEL_RESOURCE_ATTRIBUTES")}
    if environ.get("OTEL_SERVICE_NAME"):
        resource["service.name"] = environ["OTEL_SERVICE_NAME"]
    sampler = environ.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    if sampler not in _SAMPLERS:
        remarks.append(f"OTEL_TRACES_SAMPLER={sampler} is not known here: parentbased_always_on is used")
        sampler = "parentbased_always_on"
    collector = Collector(
        traces=traces,
        logs=logs,
        timeout=_number(environ, "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000, remarks) / 1000,
        certificate=environ.get("OTEL_EXPORTER_OTLP_CERTIFICATE") or None,
        sampler=sampler,
        ratio=_number(environ, "OTEL_TRACES_SAMPLER_ARG", 1.0, remarks),
        resource=resource,
    )
    return collector, remarks


def _destination(environ: Mapping[str, str], kind: str, path: str, remarks: list[str]) -> Destination | None:
    if environ.get(f"OTEL_{kind}_EXPORTER", "otlp") != "otlp":
        return None
    url = environ.get(f"OTEL_EXPORTER_OTLP_{kind}_ENDPOINT", "")
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not url and base:
        url = f"{base.rstrip('/')}/{path}"
    if not url:
        return None
    name = f"OTEL_EXPORTER_OTLP_{kind}_PROTOCOL"
    protocol = environ.get(name) or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/json"
    if protocol == "grpc":
        remarks.append(f"{kind.lower()} are not sent: they go by HTTP only, so set {name}=http/json, and its port")
        return None
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        remarks.append(f"{kind.lower()} are not sent: {url} is no http or https address")
        return None
    headers = _pairs(environ, "OTEL_EXPORTER_OTLP_HEADERS") | _pairs(environ, f"OTEL_EXPORTER_OTLP_{kind}_HEADERS")
    return Destination(url, headers)


def _pairs(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """``key=value,key=value`` with percent-encoded values."""
    split = (part.partition("=") for part in environ.get(name, "").split(",") if "=" in part)
    return {key.strip(): unquote(value.strip()) for key, _, value in split}


def _number(environ: Mapping[str, str], name: str, default: float, remarks: list[str]) -> float:
    try:
        return float(environ.get(name) or default)
    except ValueError:
        remarks.append(f"{name}={environ[name]} is not a number: {default:g} is used")
        return default
