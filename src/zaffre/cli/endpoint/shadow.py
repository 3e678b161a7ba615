"""``zaffre endpoint shadow``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.endpoint_wire import ShadowAnswer, ShadowReport
from zaffre.sdk.endpoint_aks import AksEndpoint

_SHOWN = 3  # examples; as JSON there are all


def _answer(answer: ShadowAnswer) -> str:
    return f"{answer.version} {answer.status} {answer.body}"


def _examples(report: ShadowReport) -> str:
    return "\n".join(
        f"{one.request} -> {_answer(one.answered)} | {_answer(one.mirrored)}" for one in report.examples[:_SHOWN]
    )


FIELDS = (
    ("copies to", lambda report: report.version),
    ("since", lambda report: moment(report.since) if report.since else ""),
    ("same", lambda report: report.same),
    ("different", lambda report: report.different),
    ("failed", lambda report: report.failed),
    ("dropped", lambda report: report.dropped),
    ("latest that differ", _examples),
)


def show_shadow(name: str, /, *, session: Session = SESSION) -> Details:
    """Show where the answers to copied requests differ, and the latest examples with both answers.

    Parameters
    ----------
    name
        The endpoint.
    """
    return Details(AksEndpoint(workspace_of(session), name).shadow_report(), FIELDS)
