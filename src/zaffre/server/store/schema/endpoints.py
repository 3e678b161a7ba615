"""Endpoints: the services behind one address, the traffic of each, and the tokens that open them."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.schema.columns import json, metadata, number, owner, text

endpoints = Table(
    "endpoints",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    json("mirror_traffic"),
    json("shadow"),  # what the router reported of its copies last
)

endpoint_versions = Table(
    "endpoint_versions",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),  # the service that runs the version
    owner("endpoint_pk", "services.pk"),
    text("name", default=None),
    number("traffic", nullable=True),  # as it was asked for; NULL: nothing was
    number("is_default", default=0),
    number("is_control", default=0),
    UniqueConstraint("endpoint_pk", "name"),
)

service_tokens = Table(
    "service_tokens",
    metadata,
    text("digest", primary_key=True),  # SHA-256: nobody learns a token from here
    owner("service_pk", "services.pk"),
    number("expires_at"),
    Index("ix_service_tokens_service_pk", "service_pk"),
)
