"""The base of datastores."""

from __future__ import annotations

from zaffre.sdk.datastore import AbstractDatastore

__all__ = ["AbstractDatastore"]
