"""What the decorators of the ``inference-schema`` package say of ``run()``: its schemas, and which input broke them.

The package is the user's; nothing of it is imported here, it is asked for what the script has imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

_CONVERSION: Final = "_deserialize_input_argument"
# What a script without decorators may set in init(): ``run.swagger = {"input": ..., "output": ...}``, JSON schemas.
OWN: Final = "swagger"
EMPTY: Final[dict[str, Any]] = {"type": "object", "example": {}}


@dataclass(frozen=True, slots=True)
class Schemas:
    """Of one ``run()``. ``versions`` are those of Swagger that can express it: ``2.0``, ``3.0``, ``3.1``."""

    input: Any
    output: Any
    versions: tuple[str, ...]


PLAIN: Final = Schemas(EMPTY, EMPTY, ("2.0", "3.0", "3.1"))


def is_decorated(run: Callable[..., Any]) -> bool:
    package = sys.modules.get("inference_schema.schema_util")
    return package is not None and bool(package.is_schema_decorated(run))


def schemas(run: Callable[..., Any]) -> Schemas:
    package = sys.modules.get("inference_schema.schema_util")
    if package is None or not package.is_schema_decorated(run):
        own = getattr(run, OWN, None)
        return Schemas(own["input"], own["output"], PLAIN.versions) if isinstance(own, dict) else PLAIN
    return Schemas(
        package.get_input_schema(run), package.get_output_schema(run), tuple(package.get_supported_versions(run))
    )


def sample(run: Callable[..., Any]) -> Any:
    """The example of the schema, such as the decorators of ``run`` make of their samples; a JSON value, or None."""
    described = schemas(run).input
    found = described.get("example") if isinstance(described, dict) else None
    return found or None


def misfit(error: BaseException) -> str | None:
    """A sentence that names the field and what was expected, when the decorators refused the input; None when the
    error comes from elsewhere, such as the script."""
    path: list[str] = []
    expected: Any = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if frame.f_code.co_name == _CONVERSION and "param_type" in frame.f_locals:
            name = str(frame.f_locals.get("param_name"))
            if not path or path[-1] != name:
                path.append(name)
            expected = frame.f_locals["param_type"]
        step = step.tb_next
    if expected is None:
        return None
    text = str(error).rstrip(".")
    return f"The parameter {'.'.join(path)!r} does not fit the schema: {text}. Expected {_described(expected)}."


def _described(expected: Any) -> str:
    """What a parameter type of the package stands for, from its sample."""
    sample: Any = getattr(expected, "sample_input", None)
    if hasattr(sample, "columns") and hasattr(sample, "dtypes"):
        columns = ", ".join(f"{name} ({kind})" for name, kind in sample.dtypes.items())
        return f"a data frame ({getattr(expected, 'orient', 'records')}) with the columns {columns}"
    if hasattr(sample, "shape") and hasattr(sample, "dtype"):
        shape = ", ".join(["any", *map(str, sample.shape[1:])])
        return f"an array of {sample.dtype} with the shape ({shape})"
    if isinstance(sample, dict):
        return f"an object with {', '.join(map(str, sample))}"
    return f"a value such as {sample!r} ({type(sample).__name__})"
