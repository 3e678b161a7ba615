"""``python -m zaffre.server.openapi``: the OpenAPI document of the REST API, as the Studio's types are made from it."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI

from zaffre import __version__
from zaffre.server.api import routes, server


def document() -> dict[str, Any]:
    """The document; the same for the same code, on every machine."""
    app = FastAPI(
        title="Zaffre",
        version=__version__,
        description="The REST API of a Zaffre workspace server.",
        generate_unique_id_function=lambda route: route.name,
    )
    app.include_router(server.public)
    app.include_router(routes.router())
    return app.openapi()


def main() -> None:
    json.dump(document(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
