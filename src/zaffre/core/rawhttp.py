"""The whole HTTP request and response in an entry script: ``rawhttp``, ``AMLRequest`` and ``AMLResponse``.

They have the attributes that scripts use of Flask's request and response, and need no Flask.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

F = TypeVar("F", bound=Callable[..., Any])

RAW_HTTP = "__zaffre_rawhttp__"


def rawhttp(run: F) -> F:
    """Mark ``run(request)`` to be called with an ``AMLRequest`` for every GET, POST and OPTIONS."""
    setattr(run, RAW_HTTP, True)
    return run


class Headers(Mapping[str, str]):
    """Header names are equal in any case and may have several values; ``[name]`` and ``get`` give the first."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = list(pairs)

    def __getitem__(self, name: str) -> str:
        for key, value in self._pairs:
            if key.lower() == name.lower():
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def __setitem__(self, name: str, value: object) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]
        self.add(name, value)

    def add(self, name: str, value: object) -> None:
        """One more value for ``name``; the others stay."""
        self._pairs.append((name, str(value)))

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key.lower() == name.lower()]

    def items(self) -> Any:
        """Every pair, several of one name included."""
        return list(self._pairs)


class Values(dict[str, str]):
    """The arguments of a query or form: the first value of each name; ``getlist`` gives all."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = list(pairs)
        super().__init__(reversed(self._pairs))

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def to_dict(self) -> dict[str, str]:
        return dict(self)


class UploadedFile(io.BytesIO):
    """A file of a multipart form, with ``filename``, ``content_type`` and ``save``."""

    def __init__(self, content: bytes, filename: str, content_type: str) -> None:
        super().__init__(content)
        self.filename = filename
        self.content_type = content_type
        self.mimetype = content_type

    @property
    def stream(self) -> UploadedFile:
        return self

    def save(self, path: Any) -> None:
        with open(path, "wb") as target:
            target.write(self.getvalue())


class AMLRequest:
    """One HTTP request as ``run`` gets it under ``@rawhttp``."""

    def __init__(
        self, method: str, path: str, query_string: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query_string
        self.headers = Headers((k.decode("latin-1").title(), v.decode("latin-1")) for k, v in headers)
        self.data = body
        self.args = Values(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
        self._form: tuple[Values, dict[str, UploadedFile]] | None = None

    @property
    def full_path(self) -> str:
        return f"{self.path}?{self.query_string.decode('latin-1')}"

    @property
    def url(self) -> str:
        query = f"?{self.query_string.decode('latin-1')}" if self.query_string else ""
        return f"http://{self.headers.get('Host', 'localhost')}{self.path}{query}"

    @property
    def content_type(self) -> str | None:
        return self.headers.get("Content-Type")

    @property
    def mimetype(self) -> str:
        return (self.content_type or "").split(";")[0].strip().lower()

    @property
    def content_length(self) -> int:
        return len(self.data)

    @property
    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    @property
    def is_json(self) -> bool:
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    @property
    def json(self) -> Any:
        return self.get_json()

    @property
    def form(self) -> Values:
        """The fields of a form, url-encoded or multipart."""
        return self._parsed_form()[0]

    @property
    def files(self) -> dict[str, UploadedFile]:
        """The files of a multipart form, by field name."""
        return self._parsed_form()[1]

    def get_data(self, cache: bool = True, as_text: bool = False) -> Any:  # noqa: ARG002 - Flask's signature
        return self.data.decode() if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """The body parsed as JSON; None when it is not sent as JSON (unless ``force``) or wrong and ``silent``."""
        if not force and not self.is_json:
            return None
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    def _parsed_form(self) -> tuple[Values, dict[str, UploadedFile]]:
        if self._form is None:
            if self.mimetype == "multipart/form-data":
                self._form = _multipart(self.content_type or "", self.data)
            elif self.mimetype == "application/x-www-form-urlencoded":
                self._form = Values(parse_qsl(self.data.decode(), keep_blank_values=True)), {}
            else:
                self._form = Values(()), {}
        return self._form


def _multipart(content_type: str, body: bytes) -> tuple[Values, dict[str, UploadedFile]]:
    import email.parser
    import email.policy

    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    document = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields: list[tuple[str, str]] = []
    files: dict[str, UploadedFile] = {}
    for part in document.iter_parts() if document.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        filename = part.get_filename()
        if filename is None:
            fields.append((name, content.decode(part.get_content_charset() or "utf-8")))
        else:
            files.setdefault(name, UploadedFile(content, unquote(filename), part.get_content_type()))
    return Values(fields), files


class AMLResponse:
    """An answer of ``run()`` with its own status and headers.

    ``message`` is sent as it is (text or bytes), of the type that ``response_headers`` says, else HTML; with
    ``json_str`` it is written as JSON. None is sent as ``{}``. A header value with commas becomes several headers.
    ``run_function_failed`` is told to the caller in a header, as is every status of 500 and above.
    """

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: Mapping[str, str] | None = None,
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        self.status_code = status_code
        self.headers = Headers()
        as_json = json_str or message is None
        content_type = "application/json" if as_json else "text/html; charset=utf-8"
        for name, value in (response_headers or {}).items():
            if name.lower() == "content-type":
                content_type = content_type if as_json else str(value)
                continue
            for part in str(value).split(","):
                self.headers.add(name, part.strip())
        self.headers["content-type"] = content_type
        self.headers["x-ms-run-function-failed"] = run_function_failed
        self._body = _body(message, as_json)

    @property
    def data(self) -> bytes:
        return self._body

    def get_data(self, as_text: bool = False) -> Any:
        return self._body.decode() if as_text else self._body


def _body(message: Any, as_json: bool) -> bytes:
    if message is None:
        return b"{}"
    if as_json:
        return json.dumps(message).encode()
    return bytes(message) if isinstance(message, (bytes, bytearray)) else str(message).encode()
