"""Server and Studio for development: the server restarts when its sources change, Vite reloads the pages."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src"
POLL_SECONDS = 0.7


def newest_change() -> float:
    """The time of the newest Python source; a deleted file shows in its folder's time."""
    paths = [SOURCES, *SOURCES.rglob("*.py"), *(path for path in SOURCES.rglob("*") if path.is_dir())]
    return max(path.stat().st_mtime for path in paths if "__pycache__" not in path.parts and path.exists())


def start_server(port: int, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "zaffre.server", "--port", str(port), "--home", str(home)])


def start_studio(port: int) -> subprocess.Popen[bytes]:
    """Vite's own server, which hands every call that is not a page to the workspace server."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "hatch_build.py"), "npm", "run", "dev"],
        env={**os.environ, "ZAFFRE_URL": f"http://127.0.0.1:{port}"},
    )


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5577, help="the server's port")
    parser.add_argument("--home", type=Path, default=ROOT / ".dev-home", help="where the server keeps its data")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    studio, server = start_studio(options.port), start_server(options.port, options.home)
    seen = newest_change()
    try:
        while studio.poll() is None:
            time.sleep(POLL_SECONDS)
            if (change := newest_change()) != seen:
                seen = change
                print("A source changed: the server restarts.", flush=True)
                end(server)
                server = start_server(options.port, options.home)
    except KeyboardInterrupt:
        pass
    finally:
        end(server)
        end(studio)


if __name__ == "__main__":
    main()
