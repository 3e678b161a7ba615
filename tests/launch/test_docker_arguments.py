from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.core.errors import AzureMLException, InvalidValue, Unsupported
from zaffre.launch.container import Container, Mount, size_of
from zaffre.launch.docker_arguments import apply

PLAIN = Container(image="image")


def test_arguments_as_docker_run_takes_them() -> None:
    arguments = ["--cpus=1.5", "--memory", "2g", "--shm-size=64m", "-e", "A=b c", "-v /data:/in:ro", "--gpus", "all"]
    made = apply(
        PLAIN, [*arguments, "--ulimit=nofile=10:20", "--rm", "--add-host", "db:10.0.0.1", "--label=x=y", "-m1g"]
    )
    assert (made.cpus, made.memory, made.shm_size, made.gpus) == (1.5, 1024**3, 64 * 1024**2, "all")
    assert made.variables == {"A": "b c"}
    assert made.mounts == (Mount(Path("/data"), "/in", read_only=True),)
    assert (made.ulimits, made.hosts, made.labels) == ({"nofile": 10}, ("db:10.0.0.1",), {"x": "y"})
    assert apply(PLAIN, ["--ipc=host"]).shares_ipc


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--privileged"], Unsupported, "--privileged cannot be honoured: it has no rights"),
        (["--network", "bridge"], Unsupported, "--network cannot be honoured"),
        (["--user=0"], Unsupported, "runs as the account that submits"),
        (["--hostname", "x"], Unsupported, "--hostname cannot be honoured"),
        (["--ipc=container:other"], Unsupported, "--ipc"),
        (["-it"], Unsupported, "-it cannot be honoured"),
        (["--cpus=many"], InvalidValue, "'many', which is not a number"),
        (["--memory=lots"], InvalidValue, "'lots', which is no size"),
        (["--memory"], InvalidValue, "'--memory' has no value"),
        (["image"], InvalidValue, "'image' belongs to no option"),
        (["--env=HOME"], InvalidValue, "'HOME' without a value"),
        (["--volume=name:/there"], InvalidValue, "name:/there is not /folder/here:/folder/there"),
        (["--volume=/a:/b:z"], Unsupported, "mode 'z'"),
    ],
)
def test_what_cannot_be_honoured_is_named(arguments: list[str], error: type[AzureMLException], words: str) -> None:
    with pytest.raises(error) as caught:
        apply(PLAIN, arguments)
    assert words in caught.value.message


def test_sizes() -> None:
    sizes = [size_of(text, "it") for text in ("10", "1b", "1k", "1.5m", "2G", "1gb", "1GiB")]
    assert sizes == [10, 1, 1024, 1572864, 2 * 1024**3, 1024**3, 1024**3]
