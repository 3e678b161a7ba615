from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from zaffre.core.errors import ServerUnavailable
from zaffre.sdk.transport import Retries, Transport
try:
    Transport("http://127.0.0.1:9", "token", retries=Retries(seconds=0)).request("GET", "/health")
except ServerUnavailable:
    print(sorted({"httpx", "rich", "click", "pygments", "httpx._main"} & set(sys.modules)))
"""


def test_speaking_to_a_server_imports_no_command_line() -> None:
    """httpx brings one along where click and rich are installed, and it takes longer than the rest of httpx."""
    answer = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "['httpx']"
