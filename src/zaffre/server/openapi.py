"""``python -m zaffre.server.openapi``: the OpenAPI document of the REST API, as the Studio's types are made from it."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from zaffre import __version__
from zaffre.core.wire import MetricsBatch
from zaffre.server.api import routes


def document() -> dict[str, Any]:
    """The document; the same for the same code, on every machine."""
    app = FastAPI(
        title="Zaffre",
        version=__version__,
        description="The REST API of a Zaffre workspace server.",
    )
    app.router.routes.extend(routes.routes())
    made = app.openapi()
    # Routes that decode by themselves name their message; its schema is added here.
    schema = TypeAdapter(MetricsBatch).json_schema(ref_template="#/components/schemas/{model}")
    made["components"]["schemas"].update(schema.pop("$defs", {}) | {"MetricsBatch": schema})
    return made


def main() -> None:
    json.dump(document(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
