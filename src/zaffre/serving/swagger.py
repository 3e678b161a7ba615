"""``/swagger.json``: what the service accepts, in Swagger 2.0 (the default), OpenAPI 3.0 or 3.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from zaffre.serving.results import Answer, message
from zaffre.serving.schema import Schemas

_ALIASES: Final = {"2": "2", "2.0": "2", "3": "3", "3.0": "3", "3.1": "3.1"}
_EXPRESSIBLE: Final = {"2": "2.0", "3": "3.0", "3.1": "3.1"}
# A file of the user's in the app root or beside the script stands for the generated document.
_OWN_FILES: Final = {"2": ("swagger.json", "swagger2.json"), "3": ("swagger3.json",), "3.1": ("swagger3.1.json",)}
_ERROR: Final = {"type": "object", "properties": {"message": {"type": "string"}}}
_BEARER: Final = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "For example: Bearer abc123",
}


class Swagger:
    """The documents of one service, built once."""

    def __init__(self, name: str, version: str, prefix: str, folders: tuple[Path, ...], schemas: Schemas) -> None:
        self.schemas = schemas
        self._documents: dict[str, bytes] = {}
        for key, expressed in _EXPRESSIBLE.items():
            own = _own(key, folders)
            if own is not None:
                self._documents[key] = own
            elif expressed in schemas.versions:
                made = _version_2 if key == "2" else _version_3
                document = made(name, version, prefix, schemas)
                if key == "3.1":
                    document["openapi"] = "3.1.0"
                self._documents[key] = json.dumps(document).encode()

    def answer(self, version: str) -> Answer:
        known = f"[{', '.join(sorted(self._documents))}]."
        key = _ALIASES.get(version)
        if key is None:
            return message(404, f"Swagger version [{version}] is not valid. Supported versions: {known}")
        if key not in self._documents:
            return message(
                404,
                f"Swagger version [{version}] is not supported for the scoring script. Supported swagger versions: "
                f"{known}",
            )
        return Answer(200, self._documents[key])


def _own(key: str, folders: tuple[Path, ...]) -> bytes | None:
    for folder in folders:
        for name in _OWN_FILES[key]:
            if (folder / name).is_file():
                return (folder / name).read_bytes()
    return None


def _paths(
    prefix: str, body: dict[str, Any], replies: dict[str, dict[str, Any]], choice: dict[str, Any]
) -> dict[str, Any]:
    """The three paths; ``body`` describes the input in the version's words, ``replies`` each kind of reply."""

    def responses(ok: str) -> dict[str, Any]:
        error = {"description": "The service failed to execute due to an error.", **replies["ErrorResponse"]}
        return {"200": {"description": "The answer.", **replies[ok]}, "default": error}

    score = {
        "operationId": "RunMLService",
        "description": "Calls run() of the entry script with the body.",
        "security": [{"Bearer": []}],
        "responses": responses("ServiceOutput"),
        **body,
    }
    health = {"operationId": "ServiceHealthCheck", "description": "Liveness.", "responses": responses("health")}
    spec = {
        "operationId": "GetSwaggerSpec",
        "description": "This document.",
        "parameters": [{"name": "version", "in": "query", "required": False, **choice}],
        "responses": responses("text"),
    }
    return {
        f"{prefix}/": {"get": health},
        f"{prefix}/score": {"post": score},
        f"{prefix}/swagger.json": {"get": spec},
    }


def _named(schemas: Schemas) -> dict[str, Any]:
    return {"ServiceInput": schemas.input, "ServiceOutput": schemas.output, "ErrorResponse": _ERROR}


def _version_2(name: str, version: str, prefix: str, schemas: Schemas) -> dict[str, Any]:
    def reference(schema: str) -> dict[str, Any]:
        return {"schema": {"$ref": f"#/definitions/{schema}"}}

    text = {"schema": {"type": "string"}}
    health = {**text, "examples": {"application/json": "Healthy"}}
    replies = {key: reference(key) for key in _named(schemas)} | {"text": text, "health": health}
    body = {"parameters": [{"name": "serviceInputPayload", "in": "body", **reference("ServiceInput")}]}
    return {
        "swagger": "2.0",
        "info": {"title": name, "description": f"The web service {name}.", "version": version},
        "schemes": ["http", "https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _BEARER},
        "paths": _paths(prefix, body, replies, {"type": "integer", "enum": [2, 3]}),
        "definitions": _named(schemas),
    }


def _version_3(name: str, version: str, prefix: str, schemas: Schemas) -> dict[str, Any]:
    def content(schema: str) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}

    replies = {key: content(key) for key in _named(schemas)}
    replies["text"] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    replies["health"] = {"content": {"text/plain": {"schema": {"type": "string", "example": "Healthy"}}}}
    choice = {"schema": {"type": "integer", "enum": [2, 3]}}
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "description": f"The web service {name}.", "version": version},
        "security": [{"Bearer": []}],
        "paths": _paths(prefix, {"requestBody": content("ServiceInput")}, replies, choice),
        "components": {"schemas": _named(schemas), "securitySchemes": {"Bearer": _BEARER}},
    }
