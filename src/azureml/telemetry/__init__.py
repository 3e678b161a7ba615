"""Azure's switch for telemetry."""

from __future__ import annotations

from zaffre.sdk.telemetry import set_diagnostics_collection

__all__ = ["set_diagnostics_collection"]
