"""The entry script: its import, its ``init()`` and the calls of its ``run()``."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final

from zaffre.core.rawhttp import RAW_HTTP
from zaffre.serving import inputs, schema
from zaffre.serving.batching import Batching, batching_of
from zaffre.serving.batching import reader as batch_reader
from zaffre.serving.coroutines import sequential
from zaffre.serving.inputs import Arguments
from zaffre.serving.model_folder import remarks
from zaffre.serving.request import Request, titled

SAMPLE: Final = "preflight_sample"  # what a script calls its sample, where its schema has none


class ScriptFault(Exception):
    """The script cannot serve. ``stage`` is ``script``, ``import``, ``init`` or ``sample``; ``details`` the
    traceback, or empty."""

    def __init__(self, stage: str, message: str, details: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.stage = stage
        self.message = message
        self.details = details
        self.kind = kind


@dataclass(frozen=True, slots=True)
class EntryScript:
    """A loaded script. ``wants_headers``: run takes ``request_headers``; ``raw``: run takes the whole request;
    ``read`` makes the arguments of run from a request, or raises ``inputs.Refused``; ``sample`` is what the script has
    as ``preflight_sample``: a body, or a function that returns one."""

    path: Path
    init: Callable[[], object]
    run: Callable[..., Any]
    wants_headers: bool
    raw: bool
    read: Callable[[Request], Arguments]
    import_seconds: float
    batching: Batching | None = None
    sample: object = None

    def arguments(self, request: Request) -> Arguments:
        """What to call ``run`` with. Raises ``inputs.Refused``."""
        found = self.read(request)
        if self.wants_headers:
            found["request_headers"] = titled(request.headers)
        return found

    def initialise(self, model_dir: Path | None = None) -> float:
        """Call ``init()``; returns its seconds. Raises ``ScriptFault`` with the traceback."""
        start = time.perf_counter()
        try:
            self.init()
        except BaseException as error:
            raise _fault("init", f"init() of {self.path.name} raised", error, model_dir) from error
        return time.perf_counter() - start


def load(path: Path, app_root: Path, model_dir: Path | None = None) -> EntryScript:
    """Import the script at ``path`` and check its functions; raises ``ScriptFault``."""
    if not path.is_file():
        raise ScriptFault("script", f"there is no entry script at {path}")
    for folder in (str(app_root), str(path.parent)):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
    start = time.perf_counter()
    module = _import(path, model_dir)
    init, run = _function(module, path, "init"), _function(module, path, "run")
    driven = getattr(module, "driver_module", None)  # Azure's generated main.py, which wraps the user's script
    if isinstance(driven, ModuleType) and callable(getattr(driven, "run", None)):
        run = driven.run
    raw = bool(getattr(run, RAW_HTTP, False)) or _is_raw_by_name()
    _check_init(init, path)
    wants_headers, names = _check_run(run, path)
    if schema.is_decorated(run):
        if raw:
            raise ScriptFault("script", f"run() of {path.name} cannot have both @rawhttp and @input_schema")
        read = inputs.values(names)
    else:
        read = inputs.whole_request(names[0].name) if raw else inputs.text(names[0].name)
    batching = batching_of(run)
    if batching is not None:
        if inspect.iscoroutinefunction(run) or inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
            raise ScriptFault("script", f"run() of {path.name} is @batched: it must be a plain function")
        if raw or wants_headers or schema.is_decorated(run):
            raise ScriptFault(
                "script",
                f"run() of {path.name} is @batched and gets rows: it can take no request_headers, @rawhttp or "
                "@input_schema",
            )
        read = batch_reader()
    seconds = time.perf_counter() - start
    sample = getattr(module, SAMPLE, None)
    return EntryScript(path, init, sequential(run), wants_headers, raw, read, seconds, batching, sample)


def _is_raw_by_name() -> bool:
    """Whether the script used ``rawhttp`` of Azure's own server, which marks the process and not the function."""
    module = sys.modules.get("azureml_inference_server_http.api.aml_request")
    return bool(getattr(module, "_rawHttpRequested", False))


def _import(path: Path, model_dir: Path | None) -> ModuleType:
    # Under its own name, so that "import score" elsewhere finds this module and not a second copy of it.
    name = path.stem if path.stem not in sys.modules else "entry_script"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScriptFault("script", f"{path} is not a Python file: the entry script must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise _fault("import", f"the import of {path.name} raised", error, model_dir) from error
    return module


def _function(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        what = "has no function" if function is None else "does not define as a function"
        raise ScriptFault("script", f"{path.name} {what} {name}(): an entry script defines init() and run(data)")
    if name == "init" and inspect.iscoroutinefunction(function):
        raise ScriptFault("script", f"{name}() of {path.name} is async: define it with def")
    found: Callable[..., Any] = function
    return found


def _check_init(init: Callable[..., Any], path: Path) -> None:
    required = [p.name for p in inspect.signature(init).parameters.values() if _is_required(p)]
    if required:
        raise ScriptFault("script", f"init() of {path.name} takes no arguments, but asks for {', '.join(required)}")


def _check_run(run: Callable[..., Any], path: Path) -> tuple[bool, list[inspect.Parameter]]:
    """Whether run wants the request headers, and its other parameters; raises ``ScriptFault`` when it cannot be
    called with the data."""
    parameters = list(inspect.signature(run).parameters.values())
    for p in parameters:
        if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise ScriptFault(
                "script",
                f"run() of {path.name} has the parameter {p!s}: positional-only parameters, *args and **kwargs are "
                "not allowed, use run(data) or run(data, request_headers)",
            )
    data = [p for p in parameters if p.name != "request_headers"]
    several = len([p for p in data[1:] if _is_required(p)]) > 0 and not schema.is_decorated(run)
    if not data or several:
        names = ", ".join(p.name for p in parameters)
        raise ScriptFault(
            "script",
            f"run({names}) of {path.name} cannot be called: use run(data) or run(data, request_headers)",
        )
    return len(data) < len(parameters), data


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and parameter.kind not in variadic


def _fault(stage: str, what: str, error: BaseException, model_dir: Path | None) -> ScriptFault:
    sentence, more = f"{what} {brief(error)}", remarks(model_dir, error)
    sentence = f"{sentence.rstrip('.')}. {more.rstrip('.')}" if more else sentence
    return ScriptFault(stage, sentence, user_traceback(error), type(error).__name__)


def brief(error: BaseException) -> str:
    """``ValueError: no weights``."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def user_traceback(error: BaseException) -> str:
    """The traceback as text, from the first frame that is neither ours nor the import system's."""
    own = (str(Path(__file__).parent), "<frozen importlib")
    tb: TracebackType | None = error.__traceback__
    while tb is not None and tb.tb_next is not None and tb.tb_frame.f_code.co_filename.startswith(own):
        tb = tb.tb_next
    return "".join(traceback.format_exception(type(error), error, tb)).rstrip()
