"""One entry script as a web service: ``python -m zaffre.serving``.

    front (forks, accepts) --connections--> workers: read a request, run(data), answer, read the next

The script is imported, ``init()`` and ``run()`` are called on a worker's main thread, one call at a time: thread-local
state, signal handlers and event loops of user code behave as in a plain script, and slow calls never stop liveness.
"""

from __future__ import annotations

from zaffre.serving.batching import batched

__all__ = ["batched"]
