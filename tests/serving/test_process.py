"""The life of a serving process: start, stop, drain, and the end of whoever started it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import zaffre
from tests.serving.scoring_process import ECHO, SECONDS, ScoringProcess, free_environment

SLOW = """
    import os, time
    def init(): pass
    def run(data):
        open("started", "w").close()
        while not os.path.exists("go"): time.sleep(0.01)
        return "done"
"""


def test_a_stopped_service_finishes_what_it_runs(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SLOW) as service, ThreadPoolExecutor(1) as pool:
        scored = pool.submit(service.score)
        service.wait_for_file("started")
        service.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS
        while True:  # new callers are refused while the last one is served
            try:
                with socket.create_connection((service.http.base_url.host, service.http.base_url.port or 0), 1):
                    pass
            except (ConnectionRefusedError, ConnectionResetError):  # reset: at the very moment of the end
                break
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (tmp_path / "go").touch()
        assert scored.result().json() == "done"
        assert service.process.wait(SECONDS) == 0
    assert "stopped" in service.log()


def test_the_service_ends_when_its_input_does(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO, "--watch-stdin") as service:
        assert service.score(1).json() == 1
        assert service.process.stdin is not None
        service.process.stdin.close()
        assert service.process.wait(SECONDS) == 0


def test_a_service_that_watches_its_input_ends_at_once_and_in_peace(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO, "--watch-stdin") as service:
        service.process.terminate()
        assert service.process.wait(SECONDS) == 0
    assert "Fatal Python error" not in service.log()


def test_signals_that_the_script_handles_stay_with_it(tmp_path: Path) -> None:
    script = """
        import os, signal
        def init():
            global seen
            seen = []
            signal.signal(signal.SIGUSR1, lambda *a: seen.append(1))
        def run(data):
            os.kill(os.getpid(), signal.SIGUSR1)
            return len(seen)
    """
    with ScoringProcess(tmp_path, script) as service:
        service.score()
        assert service.score().json() >= 1
        assert service.end() == 0


def test_nobody_is_answered_before_init_returned(tmp_path: Path) -> None:
    script = """
        import os, time
        def init():
            open("in_init", "w").close()
            while not os.path.exists("go"): time.sleep(0.01)
        def run(data): return 1
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = ScoringProcess(tmp_path, script, "--port", str(port)).launch()
    service.wait_for_file("in_init")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")
    assert service.status()["stage"] == "init"
    (tmp_path / "go").touch()
    service.wait_for_log("ready on")
    assert httpx.get(f"http://127.0.0.1:{port}/ready").text == "Ready"
    service.http.close()
    assert service.end() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are not inherited by number there")
def test_one_process_takes_over_the_socket_of_another_without_a_lost_call(tmp_path: Path) -> None:
    old_folder, new_folder = tmp_path / "old", tmp_path / "new"
    old_folder.mkdir()
    new_folder.mkdir()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/score"

        def start(folder: Path, answer: str) -> subprocess.Popen[bytes]:
            (folder / "status.json").write_text("")
            (folder / "score.py").write_text(f"def init(): pass\ndef run(data): return {answer!r}\n")
            fd = str(sock.fileno())
            command = [sys.executable, "-m", "zaffre.serving", "--entry-script", "score.py"]
            process = subprocess.Popen(
                [*command, "--listen-fd", fd, "--status-file", "status.json"],
                cwd=folder,
                env=free_environment(),
                pass_fds=[sock.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + SECONDS
            while '"ready"' not in (folder / "status.json").read_text():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            return process

        old = start(old_folder, "old")
        answers: list[str] = []
        stop = False

        def call() -> None:
            while not stop:
                answers.append(httpx.post(url, content=b"1", timeout=SECONDS).json())

        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(call) for _ in range(2)]
            new = start(new_folder, "new")
            old.terminate()
            assert old.wait(SECONDS) == 0
            while "new" not in answers[-3:]:
                time.sleep(0.01)
            stop = True
            for done in calls:
                done.result()
        assert {"old", "new"} == set(answers)
        new.terminate()
        assert new.wait(SECONDS) == 0


def test_serving_needs_the_standard_library_and_httptools_only(tmp_path: Path) -> None:
    source = (
        "import sys\n"
        "import zaffre.serving.command\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(names & {'msgspec', 'httpx', 'yaml', 'starlette', 'uvicorn', 'asyncio', 'numpy', 'rich'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=tmp_path, env=free_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_python_without_the_server_says_what_to_install(tmp_path: Path) -> None:
    source = (
        f"import sys; sys.path.insert(0, {str(Path(zaffre.__file__).parent.parent)!r})\n"
        "import runpy; runpy.run_module('zaffre.serving', run_name='__main__')\n"
    )
    bare = [sys.executable, "-S", "-c", source]  # without site-packages
    done = subprocess.run(bare, cwd=tmp_path, env=free_environment(), capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install "zaffre[serving]"' in done.stderr


def test_it_serves_on_a_socket_that_is_handed_over_and_ends_with_its_owner(tmp_path: Path) -> None:
    """As in a container, which inherits nothing."""
    with socket.socket() as served, socket.socket(socket.AF_UNIX) as door, pytest.MonkeyPatch.context() as patch:
        served.bind(("127.0.0.1", 0))
        patch.chdir(tmp_path)  # the path of a Unix socket is short
        door.bind("door")
        door.listen()
        service = ScoringProcess(tmp_path, ECHO, "--listen-from", "door").launch()
        try:
            owner, _ = door.accept()
            with owner:
                socket.send_fds(owner, [b"."], [served.fileno()])
                service.wait_for_file("status.json")
                url = f"http://127.0.0.1:{served.getsockname()[1]}"
                deadline = time.monotonic() + SECONDS
                while "ready" not in service.status_file.read_text():
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
                assert httpx.post(f"{url}/score", content="5", timeout=SECONDS).json() == 5
            assert service.process.wait(SECONDS) == 0
        finally:
            service.process.kill()
            service.process.communicate()


def test_a_port_that_another_one_took_while_init_ran_is_told(tmp_path: Path) -> None:
    script = """
        import os, time
        def init():
            open("in_init", "w").close()
            while not os.path.exists("go"): time.sleep(0.01)
        def run(data): return 1
    """
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        service = ScoringProcess(tmp_path, script, "--port", str(port)).launch()
        service.wait_for_file("in_init")
        other.listen()
        (tmp_path / "go").touch()
        assert service.wait() == 4
    assert f"Port {port} cannot be used" in service.status()["error"]["message"]


def test_nobody_hands_a_socket_over(tmp_path: Path) -> None:
    service = ScoringProcess(tmp_path, ECHO, "--listen-from", str(tmp_path / "none")).launch()
    assert service.process.wait(SECONDS) == 4
    service.process.communicate()
    assert "No socket to serve on was handed over" in service.log()
