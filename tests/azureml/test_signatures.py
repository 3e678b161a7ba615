"""Every built class and function has Azure's methods, parameter names, order and defaults (azureml-core 1.61).

``signatures.json`` lists them: class -> method -> [kind, parameter, "parameter=default", ...].
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

TABLE: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / "signatures.json").read_text("utf-8"))

# Defaults that Azure's documentation writes as a name.
NAMED = {
    "ViewType.ActiveOnly": "ActiveOnly",
    "MAX_DURATION_SECONDS_DEFAULT": 2592000,
    "_DEFAULT_SHM_SIZE": "2g",
    "PYTHON_DEFAULT_VERSION": "3.10.18",
    "CPU": "cpu",
}
REFUSED = "not built: refused with a sentence whatever the arguments"
# What is ours on purpose, and why.
OWN = {
    "azureml.core.runconfig.DockerConfiguration.__init__": "arguments default to None, not to one list shared by all",
    "azureml.core.environment.Environment.build_local": "the keywords are named, so that a misspelt one is refused",
    "azureml.core.model.Model.__init__": "an unknown keyword is refused",
    "azureml.core.model.InferenceConfig.build_profile_payload": REFUSED,
    "azureml.core.webservice.local.LocalWebservice.deploy_configuration": "collect_model_data, which Azure's has not",
    "azureml.core.webservice.local.LocalWebserviceDeploymentConfiguration.__init__": "collect_model_data, as above",
    "azureml.core.webservice.local.LocalWebservice.regen_key": "takes what its base class takes",
    "azureml.core.webservice.local.LocalWebservice.wait_for_deployment": "takes what its base class takes",
    "azureml.monitoring.ModelDataCollector.__init__": "identifier, the older name of designation, is taken too",
    "azureml.core.webservice.webservice.Webservice.update": "every subclass has its own",
}


def find(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def expected(parameter: str) -> tuple[str, object]:
    """Name and default; a parameter without one has ``inspect.Parameter.empty``."""
    name, separator, text = parameter.partition("=")
    if not separator:
        return name, inspect.Parameter.empty
    if text in NAMED:
        return name, NAMED[text]
    try:
        return name, ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return name, text


def shown(function: Any, *, bound: bool) -> list[tuple[str, object]]:
    """A callable's public parameters; our own keyword-only ones, which start with an underscore, are left out."""
    parameters = list(inspect.signature(function).parameters.values())[1 if bound else 0 :]
    stars: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        (stars.get(one.kind, "") + one.name, _plain(one.default))
        for one in parameters
        if not (one.kind is inspect.Parameter.KEYWORD_ONLY and one.name.startswith("_"))
    ]


def _plain(default: object) -> object:
    return f"{type(default).__name__}.{default.name}" if hasattr(default, "name") else default


@pytest.mark.parametrize(
    ("owner", "method"), [(owner, method) for owner, methods in TABLE.items() for method in methods if method]
)
def test_a_method_is_azures(owner: str, method: str) -> None:
    kind, *parameters = TABLE[owner][method]
    cls = find(owner)
    held = inspect.getattr_static(cls, method, None)
    if kind == "property":
        # A plain attribute of a configuration answers the same question.
        assert isinstance(held, property) or method in getattr(cls, "KEYS", {})
        return
    assert held is not None, f"{owner} has no {method}"
    if f"{owner}.{method}" in OWN:
        return
    assert isinstance(held, staticmethod) == (kind == "static")
    assert isinstance(held, classmethod) == (kind == "class")
    function = held.__func__ if isinstance(held, (staticmethod, classmethod)) else held
    assert shown(function, bound=kind != "static") == [expected(parameter) for parameter in parameters]


@pytest.mark.parametrize("path", [path for path, methods in TABLE.items() if "" in methods])
def test_a_function_is_azures(path: str) -> None:
    assert shown(find(path), bound=False) == [expected(parameter) for parameter in TABLE[path][""][1:]]


def test_what_is_ours_on_purpose_is_really_different() -> None:
    for path in OWN:
        owner, _, method = path.rpartition(".")
        kind, *parameters = TABLE[owner][method]
        held = inspect.getattr_static(find(owner), method)
        function = held.__func__ if isinstance(held, staticmethod) else held
        assert shown(function, bound=kind != "static") != [expected(parameter) for parameter in parameters], path
