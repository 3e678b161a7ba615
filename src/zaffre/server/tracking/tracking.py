"""The acts of this room as one object, which both doors of the server use."""

from __future__ import annotations

from zaffre.server.tracking.assessments import AssessmentActs
from zaffre.server.tracking.experiments import ExperimentActs
from zaffre.server.tracking.imports import ImportActs
from zaffre.server.tracking.metrics import MetricActs
from zaffre.server.tracking.models import ModelActs
from zaffre.server.tracking.runs import RunActs
from zaffre.server.tracking.trace_metrics import TraceMetricActs
from zaffre.server.tracking.traces import TraceActs


class Tracking(ExperimentActs, RunActs, MetricActs, ModelActs, TraceActs, AssessmentActs, TraceMetricActs, ImportActs):
    """Experiments, runs, what they logged, logged models, and traces: ``Tracking(store, notifier)``.

    Every act blocks until it is done (a write: until it is on disk), so coroutines call it in a thread; the acts on the
    hot path have twins for coroutines, named with a leading ``a``. What changed is published to the notifier.
    """
