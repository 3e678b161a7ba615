"""From ``experiment.submit`` to the first line that the script prints, with an environment that is built already."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure
from bench.servers import workspace_server
from tests.server_process import clean_environment

TIMES = 5
# The script prints the time at which its first line is written; submitter and script share the machine's clock.
_SCRIPT = "import time\nprint(time.time(), flush=True)\n"
_PROGRAM = """
import json, sys, time
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
ws = Workspace.get("default", subscription_id="s", resource_group="g")
env = Environment("bench")
version = f"{sys.version_info.major}.{sys.version_info.minor}"
env.python.conda_dependencies = CondaDependencies.create(python_version=version, pip_packages=["azureml-core"])
config = ScriptRunConfig(sys.argv[1], "first_line.py", environment=env)
seconds, prepared = [], []
for i in range(int(sys.argv[2]) + 1):
    begun = time.time()
    run = Experiment(ws, "bench").submit(config)
    run.wait_for_completion()
    run.download_file("azureml-logs/70_driver_log.txt", "log.txt")
    seconds.append(float(open("log.txt").read().split()[0]) - begun)
print(json.dumps(seconds))
"""


def figures(folder: Path) -> list[Figure]:
    home, project = folder / "home", folder / "project"
    project.mkdir()
    (project / "first_line.py").write_text(_SCRIPT)
    with workspace_server(home):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _PROGRAM, str(project), str(TIMES)],
            env=clean_environment(home),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise AssertionError(done.stderr)
    first, *later = json.loads(done.stdout.splitlines()[-1])
    note = f"the first one, which builds the environment: {first:.1f} s"
    return [Figure("submit to the script's first line", later, "s", 1.5, note=note)]
