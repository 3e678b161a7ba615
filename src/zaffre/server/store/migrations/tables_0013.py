"""Endpoints and their tokens, as step 0013 makes the tables. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import json, number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "services"):  # to which the tables refer
    first.tables[_name].to_metadata(metadata)

endpoints = Table(
    "endpoints",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    json("mirror_traffic"),
    json("shadow"),
)

endpoint_versions = Table(
    "endpoint_versions",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    owner("endpoint_pk", "services.pk"),
    text("name", default=None),
    number("traffic", nullable=True),
    number("is_default", default=0),
    number("is_control", default=0),
    UniqueConstraint("endpoint_pk", "name"),
)

service_tokens = Table(
    "service_tokens",
    metadata,
    text("digest", primary_key=True),
    owner("service_pk", "services.pk"),
    number("expires_at"),
    Index("ix_service_tokens_service_pk", "service_pk"),
)
