"""Datasets: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import DataType, FileDataset, OutputFileDatasetConfig, TabularDataset

__all__ = ["DataType", "FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
