"""``Run``."""

from __future__ import annotations

from zaffre.sdk.offline_run import _OfflineRun
from zaffre.sdk.run import Run, get_run
from zaffre.sdk.submitted_run import _SubmittedRun

__all__ = ["Run", "_OfflineRun", "_SubmittedRun", "get_run"]
