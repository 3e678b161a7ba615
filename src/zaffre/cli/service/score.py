"""``zaffre service score``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Value
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.webservice import Webservice


def score_service(
    name: str, data: str | None = None, /, *, file: Path | None = None, session: Session = SESSION
) -> Value:
    """Send data to a web service and print its answer.

    Parameters
    ----------
    name
        Its name.
    data
        The body, such as '{"data": [[1, 2]]}'; without one and without --file, what stands on stdin.
    file
        A file that holds the body.
    """
    if data is not None and file is not None:
        raise UsageError("Give the body as an argument or with --file, not both.")
    service = Webservice(workspace_of(session), name)
    if data is None:
        data = file.read_text("utf-8") if file is not None else sys.stdin.read()
    answer = service.run(data)
    return Value(json.dumps(answer, ensure_ascii=False), answer)
