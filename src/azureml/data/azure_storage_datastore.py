"""Datastores of files."""

from __future__ import annotations

from zaffre.sdk.datastore import AbstractAzureStorageDatastore, AzureBlobDatastore, AzureFileDatastore

__all__ = ["AbstractAzureStorageDatastore", "AzureBlobDatastore", "AzureFileDatastore"]
