"""Variables that conda packages set when their environment is activated, in programs that no shell starts."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.environments.builder import Builder, definition
from tests.environments.channel import Channel
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments.realise import Realised

SCRIPT = b"""\
export TOOL_DATA="$CONDA_PREFIX/share/tool"
export TOOL_HOME=PREFIX_PLACEHOLDER
export PATH="$CONDA_PREFIX/libexec/tool:$PATH"
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$CONDA_PREFIX/lib/tool"
echo the script speaks
"""


def variables(realised: Realised, **inherited: str) -> dict[str, str]:
    """What a program that the runner starts in it finds."""
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    env = realised.activated(inherited)
    answer = subprocess.run([realised.python, "-I", "-c", code], env=env, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def test_what_packages_set_is_set_for_programs(build: Builder, channel: Channel) -> None:
    script = "etc/conda/activate.d/tool.sh"
    files = {script: SCRIPT, "etc/conda/env_vars.d/tool.json": b'{"TOOL_MODE": "fast", "TOOL_HOME": "other"}'}
    channel.add("tool", "1.0", files, prefix_files=[script])
    given = definition("python", "tool", channels=[channel.url])
    first = build(given)
    assert "Variables that conda packages set: TOOL_MODE, TOOL_HOME," in build.log
    prefix = str(first.python.parent.parent)
    for realised in (first, build(given)):
        found = variables(realised, PATH="/mine:/bin", LD_LIBRARY_PATH="/libs", HOME="/home/me")
        assert found["TOOL_DATA"] == f"{prefix}/share/tool"
        assert (found["TOOL_MODE"], found["TOOL_HOME"]) == ("fast", prefix)
        assert found["PATH"] == f"{prefix}/libexec/tool:{prefix}/bin:/mine:/bin"
        assert found["LD_LIBRARY_PATH"] == f"/libs:{prefix}/lib/tool"
        assert found["HOME"] == "/home/me"
        assert found["CONDA_PREFIX"] == prefix
    assert variables(first, PATH="/bin")["LD_LIBRARY_PATH"] == f"{prefix}/lib/tool"
    assert {name for name in first.captured if not name.startswith("TOOL_")} == {"PATH", "LD_LIBRARY_PATH"}


def test_a_prefix_without_scripts_leaves_variables_alone(build: Builder, channel: Channel) -> None:
    realised = build(definition("python", "beta", channels=[channel.url]))
    assert realised.captured == {}
    prefix = str(realised.python.parent.parent)
    path = os.pathsep.join([f"{prefix}/bin", "/bin"])
    assert realised.activated({"PATH": "/bin"}) == {"PATH": path, "CONDA_PREFIX": prefix}


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("activate.d/bad.sh", b"echo no licence\nexit 3\n", r"bad\.sh .* ended the shell with 3.*no licence"),
        ("env_vars.d/bad.json", b"{", r"bad\.json, are not JSON"),
        ("env_vars.d/bad.json", b"[]", r"bad\.json, are not an object"),
    ],
)
def test_what_cannot_be_activated_is_named_and_leaves_nothing(
    build: Builder, channel: Channel, file: str, text: bytes, words: str
) -> None:
    channel.add("bad", "1.0", {f"etc/conda/{file}": text})
    with pytest.raises(EnvironmentBuildFailed, match=f"(?s){words}"):
        build(definition("python", "bad", channels=[channel.url]))
    assert build.prefixes == []
