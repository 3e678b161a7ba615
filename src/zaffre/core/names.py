"""The names users may give, each checked by the rule that Azure or MLflow documents for it."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from zaffre.core import limits
from zaffre.core.errors import InvalidName, ModelInvalid, WebserviceInvalid, WorkspaceException

_WORKSPACE = re.compile(r"[a-zA-Z0-9][\w\-]{2,32}")
_EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}")
_MODEL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_NOT_IN_MODEL = re.compile(r"[/\\:\x00-\x1f\x7f\ud800-\udfff]")
_MAX_DECODINGS = 8
_SERVICE = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_COMPUTE = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9\-]{0,30}[a-zA-Z0-9])?")
_RUN = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_ENVIRONMENT = re.compile(r"[a-zA-Z0-9][\w\-.]{0,254}")
_DATASTORE = re.compile(r"[a-z0-9_]{1,255}")
_USER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.@+\-]{0,63}")
_ALIAS = re.compile(r"(?!(?i:latest|v\d+)$)[\w\-]{1,255}")


def _is(rule: re.Pattern[str], name: object) -> bool:
    """Scripts are not type-checked: what is no text at all is refused by the same sentence."""
    return isinstance(name, str) and rule.fullmatch(name) is not None


def check_workspace(name: str) -> str:
    if not _is(_WORKSPACE, name):
        raise WorkspaceException(
            f"{name!r} is not a workspace name: use 3 to 33 letters, digits, hyphens or underscores, "
            "starting with a letter or digit."
        )
    return name


def check_experiment(name: str) -> str:
    """The SDK's rule; MLflow clients may use any name of 1 to 500 characters."""
    if not _is(_EXPERIMENT, name):
        raise InvalidName(
            f"{name!r} is not an experiment name: use 1 to 255 letters, digits, hyphens or underscores, "
            "starting with a letter or digit."
        )
    return name


def check_run_id(run_id: str) -> str:
    if not _is(_RUN, run_id):
        raise InvalidName(
            f"{run_id!r} is not a run id: use 1 to 256 letters, digits, hyphens or underscores, "
            "starting with a letter or digit."
        )
    return run_id


def check_model(name: str) -> str:
    if not _is(_MODEL, name):
        raise ModelInvalid(
            f"{name!r} is not a model name: use 1 to 255 letters, digits, hyphens, dots or underscores, "
            "starting with a letter or digit."
        )
    return name


def check_registered_model(name: str) -> str:
    """MLflow's rule for a registered model's name, which is wider than Azure's."""
    form = name if isinstance(name, str) else ""
    for _ in range(_MAX_DECODINGS):
        bad = not 1 <= len(form) <= 256 or form.strip(" ") in ("", ".", "..") or _NOT_IN_MODEL.search(form)
        if bad or unquote(form) == form:
            break
        form = unquote(form)
    else:
        bad = True
    if bad:
        raise ModelInvalid(
            f"{name!r:.300} is not a model name: use 1 to 256 characters without slashes, backslashes, colons and "
            "control characters, also where they are percent-encoded."
        )
    return name


def is_alias(alias: str) -> bool:
    """MLflow's rule for an alias of a model's version."""
    return _is(_ALIAS, alias)


def check_alias(alias: str) -> str:
    if not is_alias(alias):
        raise InvalidName(
            f"{alias!r:.300} is not an alias: use 1 to 255 letters, digits, underscores or hyphens; neither latest nor "
            "v and a number, which mean versions already."
        )
    return alias


def check_user(name: str) -> str:
    """ "token" is what stands for the user beside a token in an address."""
    if not _is(_USER, name) or name in ("token", "me"):
        raise InvalidName(
            f"{name!r} is not a user name: use 1 to 64 letters, digits, dots, hyphens, underscores, plus or at signs, "
            'starting with a letter or digit; "token" and "me" are taken.'
        )
    return name


def check_service(name: str) -> str:
    if not (_is(_SERVICE, name) and 3 <= len(name) <= 32):
        raise WebserviceInvalid(
            f"{name!r} is not a service name: use 3 to 32 lower-case letters, digits or hyphens, starting with a "
            "letter and not ending with a hyphen."
        )
    return name


def check_profile(name: str) -> str:
    if not (_is(_SERVICE, name) and 3 <= len(name) <= 32):
        raise WebserviceInvalid(
            f"{name!r} is not a name of a profile: use 3 to 32 lower-case letters, digits or hyphens, starting with a "
            "letter and not ending with a hyphen."
        )
    return name


def check_supervised(name: str) -> str:
    """The name of a service, or of a version of an endpoint: ``<endpoint>.<version>``."""
    for part in name.split(".", 1):
        check_service(part)
    return name


def version_service(endpoint: str, version: str) -> str:
    """The name of the service that runs a version of an endpoint."""
    return f"{check_service(endpoint)}.{check_service(version)}"


def endpoint_of(name: str) -> str | None:
    """The endpoint that a service is a version of; None for one that is none."""
    endpoint, dot, _ = name.partition(".")
    return endpoint if dot else None


def check_compute(name: str) -> str:
    """Azure's clusters end at 24 characters; names of machines that are attached, as documents show them, do not."""
    if not (_is(_COMPUTE, name) and 2 <= len(name) <= 32):
        raise InvalidName(
            f"{name!r} is not a compute target name: use 2 to 32 letters, digits or hyphens, starting with a letter "
            "and not ending with a hyphen."
        )
    return name


def check_environment(name: str) -> str:
    if not _is(_ENVIRONMENT, name):
        raise InvalidName(
            f"{name!r} is not an environment name: use 1 to 255 letters, digits, hyphens, dots or underscores, "
            "starting with a letter or digit."
        )
    return name


def check_datastore(name: str) -> str:
    if not _is(_DATASTORE, name):
        raise InvalidName(f"{name!r} is not a datastore name: use 1 to 255 lower-case letters, digits or underscores.")
    return name


def check_artifact_path(path: str) -> str:
    """A relative POSIX path that stays below its root, normalised; raises ``InvalidName`` for any other."""
    if not path or len(path) > limits.ARTIFACT_PATH:
        raise InvalidName(f"An artifact path has 1 to {limits.ARTIFACT_PATH} characters; this one has {len(path)}.")
    bad = "\\" in path or "\x00" in path or path.startswith("/") or any(ord(c) < 32 for c in path)
    parts = path.split("/")
    if bad or ".." in parts or re.match(r"^[a-zA-Z]:", path):
        raise InvalidName(f"{path!r} is not an artifact path: it must be relative and stay inside its folder.")
    if any("\ud800" <= c <= "\udfff" for c in path):
        raise InvalidName(f"{path!r} is not an artifact path: its name is not text in UTF-8. Rename the file.")
    normal = posixpath.normpath(path)
    if normal in (".", ""):
        raise InvalidName(f"{path!r} is not an artifact path: it names no file.")
    return normal
