"""Artifact URIs between the server, which says ``mlflow-artifacts:/...``, and clients whose tracking URI is not http.

MLflow resolves ``mlflow-artifacts:/`` against an http tracking URI only, so clients of an ``azureml://`` URI are given
``<tracking URI>/artifacts/...`` in its place, and what they send is turned back.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

SERVER: Final = "mlflow-artifacts:/"
_MARK: Final = "/artifacts/"
# What an answer holds thousands of, and where no artifact URI ever stands.
_SKIPPED: Final = frozenset({"metrics", "params", "data", "spans"})


class Addresses:
    """The two forms, for one tracking URI."""

    def __init__(self, tracking_uri: str) -> None:
        parts = urlsplit(tracking_uri)
        path = parts.path.rstrip("/")
        self.prefix = urlunsplit((parts.scheme, parts.netloc, path, "", "")) + _MARK
        if not parts.netloc:
            self.prefix = f"{parts.scheme}://{path}{_MARK}"

    def to_client(self, uri: str) -> str:
        return self.prefix + uri[len(SERVER) :] if uri.startswith(SERVER) else uri

    def to_server(self, text: str) -> str:
        """Every URI of the client's form in ``text``, which may be JSON."""
        return text.replace(self.prefix, SERVER)

    def rewrite(self, message: Any) -> None:
        """Turn every URI of the server's form in a protobuf answer into the client's."""
        for field, value in message.ListFields():
            if field.name in _SKIPPED:
                continue
            if isinstance(value, str):
                if value.startswith(SERVER):
                    setattr(message, field.name, self.to_client(value))
            elif hasattr(value, "ListFields"):
                self.rewrite(value)
            elif hasattr(value, "items"):
                for key, text in list(value.items()):
                    if isinstance(text, str) and text.startswith(SERVER):
                        value[key] = self.to_client(text)
            elif not isinstance(value, int | float | bytes):
                for item in value:
                    if hasattr(item, "ListFields"):
                        self.rewrite(item)


def split(artifact_uri: str) -> tuple[str, str]:
    """The tracking URI and the server's URI that an artifact URI of the client's form is made of."""
    tracking, mark, rest = artifact_uri.partition(_MARK)
    if not mark:
        raise ValueError(artifact_uri)
    return tracking, SERVER + rest
