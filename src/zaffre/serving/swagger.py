"""``/swagger.json``: what the service accepts, in Swagger 2.0 (the default) or OpenAPI 3.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zaffre.serving.results import Answer, message

_VERSIONS = {"2": "2", "2.0": "2", "3": "3", "3.0": "3", "3.1": "3"}
# A file of the user's in the app root or beside the script stands for the generated document.
_OWN_FILES = {"2": ("swagger2.json", "swagger.json"), "3": ("swagger3.json",)}

_SCHEMAS: dict[str, Any] = {
    "ServiceInput": {"type": "object", "example": {}},
    "ServiceOutput": {"type": "object", "example": {}},
    "ErrorResponse": {"type": "object", "properties": {"message": {"type": "string"}}},
}


class Swagger:
    """The documents of one service, built once."""

    def __init__(self, name: str, version: str, prefix: str, folders: tuple[Path, ...]) -> None:
        built = {"2": _version_2(name, version, prefix), "3": _version_3(name, version, prefix)}
        self._documents = {key: _own(key, folders) or json.dumps(built[key]).encode() for key in built}

    def answer(self, version: str) -> Answer:
        key = _VERSIONS.get(version)
        if key is None:
            return message(404, f"Swagger version {version!r} is not known: use one of {', '.join(_VERSIONS)}.")
        return Answer(200, self._documents[key])


def _own(key: str, folders: tuple[Path, ...]) -> bytes | None:
    for folder in folders:
        for name in _OWN_FILES[key]:
            if (folder / name).is_file():
                return (folder / name).read_bytes()
    return None


def _paths(prefix: str, body: dict[str, Any], replies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The three paths; ``body`` describes the input in the version's words, ``replies`` each kind of reply."""

    def responses(ok: str) -> dict[str, Any]:
        return {"200": {"description": "The answer.", **replies[ok]}, "default": {"description": "What went wrong."}}

    score = {
        "operationId": "RunMLService",
        "description": "Calls run() of the entry script with the body.",
        "responses": responses("ServiceOutput"),
        **body,
    }
    score["responses"]["default"].update(replies["ErrorResponse"])
    health = {"operationId": "ServiceHealthCheck", "description": "Liveness.", "responses": responses("text")}
    spec = {"operationId": "GetSwaggerSpec", "description": "This document.", "responses": responses("text")}
    return {
        f"{prefix}/": {"get": health},
        f"{prefix}/score": {"post": score},
        f"{prefix}/swagger.json": {"get": spec},
    }


def _version_2(name: str, version: str, prefix: str) -> dict[str, Any]:
    def reference(schema: str) -> dict[str, Any]:
        return {"schema": {"$ref": f"#/definitions/{schema}"}}

    replies = {key: reference(key) for key in _SCHEMAS} | {"text": {}}
    body = {"parameters": [{"name": "serviceInputPayload", "in": "body", **reference("ServiceInput")}]}
    return {
        "swagger": "2.0",
        "info": {"title": name, "description": f"The web service {name}.", "version": version},
        "schemes": ["http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": _paths(prefix, body, replies),
        "definitions": _SCHEMAS,
    }


def _version_3(name: str, version: str, prefix: str) -> dict[str, Any]:
    def content(schema: str) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}

    replies = {key: content(key) for key in _SCHEMAS} | {"text": {}}
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "description": f"The web service {name}.", "version": version},
        "paths": _paths(prefix, {"requestBody": content("ServiceInput")}, replies),
        "components": {"schemas": _SCHEMAS},
    }
