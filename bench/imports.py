"""How long ``import azureml.core`` takes in a fresh process, and that it pulls in nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.figure import Figure, repeated

HEAVY = ("sqlalchemy", "fastapi", "numpy", "pandas", "httpx")
TIMES = 15
_PROGRAM = """
import json, sys, time
begun = time.perf_counter()
import {module}
seconds = time.perf_counter() - begun
print(json.dumps([seconds, len(sys.modules), sorted(set({heavy!r}) & set(sys.modules))]))
"""


def imported(module: str) -> tuple[float, int, list[str]]:
    """Milliseconds, modules loaded, and the heavy ones among them, of one fresh process."""
    program = _PROGRAM.format(module=module, heavy=HEAVY)
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, modules, heavy = json.loads(answer.stdout)
    return seconds * 1000, modules, heavy


def figures() -> list[Figure]:
    _, modules, heavy = imported("azureml.core")
    imported("mlflow")
    ours = repeated(lambda: imported("azureml.core")[0], TIMES)
    peer = sorted(repeated(lambda: imported("mlflow")[0], 5))[2]
    note = f"{modules} modules; heavy ones: {', '.join(heavy) or 'none'}"
    return [Figure("import azureml.core", ours, "ms", 150, "import mlflow", peer, note)]
