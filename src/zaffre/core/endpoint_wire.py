"""Messages about endpoints: versions of a service behind one address, and the traffic that each gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zaffre.core.entities import Service, ServiceSpec
from zaffre.core.wire import Request

CONTROL: Final = "Control"
TREATMENT: Final = "Treatment"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointVersion:
    """One version. What runs it is a service of its own, named ``<endpoint>.<version>``."""

    name: str
    service: Service
    traffic_percentile: int  # of the requests, once it is ready; the default version has what the others leave
    is_default: bool
    version_type: str  # "Control" or "Treatment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    service: Service  # the endpoint as callers see it: its state is that of its router
    versions: list[EndpointVersion]  # in the order in which they were made
    mirror_traffic: dict[str, int] = field(default_factory=dict)  # a version, and the percentage it gets copies of


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCreate(Request):
    spec: ServiceSpec
    models: list[str] = field(default_factory=list)  # "<name>:<version>" or "<name>" for the newest
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    traffic_percentile: int | None = None
    is_default: bool | None = None
    is_control_version_type: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCreate(Request):
    """An endpoint and its first version, which is the default one."""

    version_name: str
    version: VersionCreate
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    overwrite: bool = False  # the endpoint of that name keeps its address and keys, and has this version alone
    auth_enabled: bool = True  # callers must send one of two keys
    token_auth_enabled: bool = False  # callers must send a token
    primary_key: str | None = field(default=None, repr=False)  # None: the one it has, else a new one
    secondary_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPatch(Request):
    """A change of ``spec`` or ``models`` is a new revision of the version; the one before serves until it answers."""

    spec: ServiceSpec | None = None
    models: list[str] | None = None
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    properties: dict[str, str] | None = None  # added; a property that is set never changes
    description: str | None = None
    traffic_percentile: int | None = None
    is_default: bool | None = None
    is_control_version_type: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPatch(Request):
    tags: dict[str, str] | None = None
    remove_tags: list[str] | None = None
    properties: dict[str, str] | None = None
    description: str | None = None
    auth_enabled: bool | None = None
    token_auth_enabled: bool | None = None
    mirror_traffic: dict[str, int] | None = None  # at most one version; empty: no copies any more


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficChange(Request):
    percentages: dict[str, int]  # of each version; 0 for one that is left out. Their sum is 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """Sent as ``Authorization: Bearer <token>``, it opens the service until it expires. Times in milliseconds."""

    access_token: str = field(repr=False)
    token_type: str
    refresh_after: int
    expiry_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowAnswer:
    """What one version answered; the body's first part as text."""

    version: str
    status: int
    body: str
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowExample:
    """A request that two versions answered differently."""

    at: int
    request_id: str
    request: str  # the body's first part as text
    answered: ShadowAnswer  # what the caller got
    mirrored: ShadowAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport(Request):
    """What became of the copies of requests since ``since``."""

    version: str = ""  # that the copies went to; empty: there is no mirroring
    since: int = 0
    same: int = 0  # both versions gave the same answer
    different: int = 0
    failed: int = 0  # the version did not answer
    dropped: int = 0  # not sent, for too many were waiting
    examples: list[ShadowExample] = field(default_factory=list)  # the latest that differ, newest first
