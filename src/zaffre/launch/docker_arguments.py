"""Arguments as ``docker run`` takes them: those that can be honoured, the rest refused by name."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.launch.container import Container, Mount, size_of

_SHORT: Final = {"-e": "--env", "-v": "--volume", "-m": "--memory", "-l": "--label", "-h": "--hostname"}
_FLAGS: Final = ("--rm", "--init", "--interactive", "--tty", "-i", "-t", "-it", "--detach", "-d")
_HARMLESS: Final = ("--rm", "--init")  # what every container has here anyway
_OWN: Final = {
    "--network": "its network is the one that reaches the workspace",
    "--net": "its network is the one that reaches the workspace",
    "--user": "it runs as the account that submits",
    "-u": "it runs as the account that submits",
    "--workdir": "it runs in the source directory",
    "-w": "it runs in the source directory",
    "--entrypoint": "the run's own program is started",
    "--name": "its name is the run's",
    "--privileged": "it has no rights on this machine",
    "--cap-add": "it has no rights on this machine",
    "--security-opt": "it has no rights on this machine",
    "--device": "it has no rights on this machine (name GPUs with --gpus)",
    "--pid": "it sees no other processes",
}


def apply(container: Container, arguments: Sequence[str]) -> Container:
    """The container with the arguments; raises ``Unsupported`` or ``InvalidValue`` naming the one that is wrong."""
    for name, value in _pairs(arguments):
        container = _with(container, name, value)
    return container


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    words = [
        word for argument in arguments for word in (shlex.split(argument) if argument.startswith("-") else [argument])
    ]
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("-"):
            raise InvalidValue(f"The Docker argument {word!r} belongs to no option: write --option=value.")
        name, equals, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] in _SHORT:
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        if name in _FLAGS or name == "--privileged":
            yield name, ""
            continue
        if not equals:
            if position == len(words):
                raise InvalidValue(f"The Docker argument {name!r} has no value: write {name}=value.")
            value = words[position]
            position += 1
        yield _SHORT.get(name, name), value


def _with(container: Container, name: str, value: str) -> Container:
    what = f"The Docker argument {name}"
    if name in _HARMLESS:
        return container
    if name in ("--memory", "--shm-size"):
        size = size_of(value, what)
        return replace(container, memory=size) if name == "--memory" else replace(container, shm_size=size)
    if name == "--cpus":
        return replace(container, cpus=_number(value, what))
    if name == "--gpus":
        return replace(container, gpus=value)
    if name == "--env":
        key, equals, text = value.partition("=")
        if not equals:
            raise InvalidValue(f"{what} names {key!r} without a value: write --env={key}=value.")
        return replace(container, variables={**container.variables, key: text})
    if name == "--volume":
        return replace(container, mounts=(*container.mounts, _volume(value)))
    if name == "--ulimit":
        key, _, text = value.partition("=")
        return replace(container, ulimits={**container.ulimits, key: int(_number(text.partition(":")[0], what))})
    if name == "--label":
        key, _, text = value.partition("=")
        return replace(container, labels={key: text, **container.labels})
    if name == "--add-host":
        return replace(container, hosts=(*container.hosts, value))
    if name == "--ipc" and value in ("host", "private"):
        return replace(container, shares_ipc=value == "host")
    reason = _OWN.get(name, "the container of a run does not take it")
    raise Unsupported(
        f"{what} cannot be honoured: {reason}. Taken are --cpus, --memory, --shm-size, --gpus, --env, --volume, "
        "--ulimit, --ipc, --add-host and --label."
    )


def _volume(value: str) -> Mount:
    parts = value.split(":")
    if len(parts) not in (2, 3) or not parts[0].startswith("/") or not parts[1].startswith("/"):
        raise InvalidValue(
            f"The Docker argument --volume={value} is not /folder/here:/folder/there, with :ro if need be."
        )
    mode = parts[2] if len(parts) == 3 else "rw"
    if mode not in ("ro", "rw"):
        raise Unsupported(f"The Docker argument --volume={value} has the mode {mode!r}, and only ro and rw are taken.")
    return Mount(Path(parts[0]), parts[1], mode == "ro")


def _number(value: str, what: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InvalidValue(f"{what} is {value!r}, which is not a number.") from error
