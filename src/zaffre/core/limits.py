"""Every limit in one place: what the server refuses, and what the SDK checks before it sends."""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

SNAPSHOT_BYTES: Final = 300 * MIB  # Azure's wall; a setting of the workspace may raise it
SNAPSHOT_FILES: Final = 2000
SIGN_IN_BYTES: Final = 16 * 1024
JSON_BODY_BYTES: Final = 32 * MIB
ARTIFACT_BYTES: Final = 64 * 1024 * MIB
ARTIFACT_PATH: Final = 5000
RUN_ID: Final = 256
DISPLAY_NAME: Final = 256
DESCRIPTION: Final = 5000
TAGS: Final = 50
PROPERTIES: Final = 50
TAG_KEY: Final = 250  # MLflow's; Azure allows 100
TAG_VALUE: Final = 8000  # MLflow's; Azure allows 1000
EXPERIMENT_NAME: Final = 500
METRIC_NAME: Final = 250
PARAM_VALUE: Final = 6000
METRICS_PER_BATCH: Final = 1000  # MLflow's log-batch
POINTS_PER_REQUEST: Final = 100_000  # our own metrics door
POINTS_PER_ANSWER: Final = 500_000  # our own metrics door, which tells where to go on
TABLE_COLUMNS: Final = 15
TABLE_ROWS_PER_CALL: Final = 250
CHILDREN_PER_CALL: Final = 100
MODELS_PER_SERVICE: Final = 1000
SCORE_BODY_BYTES: Final = 100 * MIB
LEASE_SECONDS: Final = 15.0
HEARTBEAT_SECONDS: Final = 5.0
HEARTBEAT_LOST_SECONDS: Final = 60.0
