"""``/docs``: one page on how to call the service, for people."""

from __future__ import annotations

import html
import json
from typing import Final

from zaffre.serving.settings import Settings
from zaffre.serving.swagger import Swagger

_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 6px }}
td {{ padding: .15rem 1rem .15rem 0; vertical-align: top }}
</style>
<h1>{title}</h1>
<p>Version {version}. Send a request:</p>
<pre>curl -X POST http://&lt;host&gt;{score} -H 'Content-Type: application/json' -d '{body}'</pre>
<table>
<tr><td><code>POST {score}</code><td>calls <code>run()</code> of the entry script
<tr><td><code>GET {prefix}/</code><td>liveness
<tr><td><code>GET {prefix}/ready</code><td>readiness
<tr><td><code>GET {prefix}/swagger.json</code><td>Swagger 2.0; <a href="{prefix}/swagger.json?version=3">OpenAPI 3.0</a>
<tr><td><code>GET {prefix}/metrics</code><td>counters for Prometheus
</table>
<h2>Input</h2><pre>{input}</pre>
<h2>Output</h2><pre>{output}</pre>
<p>An error is <code>{{"message": "..."}}</code>;
<code>x-ms-request-id</code> names the request in the service's log.</p>
</html>
"""


def page(settings: Settings, swagger: Swagger) -> bytes:
    schemas = swagger.schemas
    sample = schemas.input.get("example", {}) if isinstance(schemas.input, dict) else {}
    return _PAGE.format(
        title=html.escape(settings.name),
        version=html.escape(settings.version),
        prefix=html.escape(settings.prefix),
        score=html.escape(f"{settings.prefix}/score"),
        body=html.escape(json.dumps(sample)[:2000]),
        input=html.escape(json.dumps(schemas.input, indent=1)[:20_000]),
        output=html.escape(json.dumps(schemas.output, indent=1)[:20_000]),
    ).encode()
