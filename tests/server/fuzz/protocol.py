"""MLflow's protocol as an OpenAPI document, made from the table of routes and the messages that the door decodes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from zaffre.server.mlflow.door import Act, Transfer

_REF = "#/components/schemas/{name}"


def document(acts: tuple[Act[Any], ...], transfers: tuple[Transfer, ...]) -> dict[str, Any]:
    """Every act, with its message in the query of a GET and in the body of all else; every transfer, with raw bytes."""
    schemas, components = msgspec.json.schema_components([act.message for act in acts], ref_template=_REF)
    paths: dict[str, Any] = {}
    for act, schema in zip(acts, schemas, strict=True):
        whole = components[schema["$ref"].rpartition("/")[2]]
        inside = re.findall(r"\{(\w+)\}", act.path)
        operation: dict[str, Any] = {
            "responses": {"default": {"description": "any"}},
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": whole["properties"][name]} for name in inside
            ],
        }
        if act.verb == "GET":
            operation["parameters"] += [
                {"name": name, "in": "query", "required": name in whole.get("required", ()), "schema": field}
                for name, field in whole["properties"].items()
                if name not in inside
            ]
        else:
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        paths.setdefault(f"/api/{act.path}", {})[act.verb.lower()] = operation
    for transfer in transfers:
        path = transfer.path if transfer.path.startswith("v1/") else f"api/{transfer.path}"
        place = [{"name": "path", "in": "path", "required": True, "schema": {"type": "string"}}]
        operation = {"responses": {"default": {"description": "any"}}, "parameters": place if path[-1] == "/" else []}
        if transfer.verb != "GET":
            content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            operation["requestBody"] = {"content": content}
        paths.setdefault(f"/{path}" + "{path}" * (path[-1] == "/"), {})[transfer.verb.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "MLflow", "version": "2.0"},
        "paths": paths,
        "components": {"schemas": components},
    }
