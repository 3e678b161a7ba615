from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docker_engine import BASE
from tests.launch.contract import FAMILY, BackendContract, ended, python, until
from tests.launch.docker_backend import IMAGE, ContractBackend
from zaffre.core.errors import EngineUnavailable, ExperimentExecutionException, Unsupported
from zaffre.docker import build, containers
from zaffre.docker.engine import Engine
from zaffre.launch.container import Container, Mount
from zaffre.launch.docker import OWNER, DockerBackend
from zaffre.launch.workload import Status, Workload


@pytest.fixture
def engine(docker: Engine) -> Engine:
    return docker


@pytest.fixture
def plain(engine: Engine) -> DockerBackend:
    return DockerBackend(engine, Container(image=BASE))


def shell(tmp_path: Path, script: str, container: Container | None = None) -> Workload:
    return Workload(("/bin/sh", "-c", script), tmp_path, {}, tmp_path / "log.txt", "test-workload", container)


def said(tmp_path: Path) -> str:
    return (tmp_path / "log.txt").read_text()


class TestDockerBackend(BackendContract):
    @pytest.fixture
    def backend(self, engine: Engine) -> ContractBackend:
        context = build.Context(f"FROM {BASE}\nRUN chmod 755 /root\n")
        build.build(engine, context, tag=IMAGE, log=lambda _: None)
        return ContractBackend()

    def test_stop_reaches_what_a_dead_workload_left_behind(self, backend: ContractBackend, tmp_path: Path) -> None:  # type: ignore[override]
        """Nothing is left behind here: what a program started ends with it, in the moment its container does."""
        code = FAMILY.replace("time.sleep(600)", "").replace(
            "import subprocess, sys, time\n", "import os, subprocess, sys, time\n", 1
        )
        wait = "while not all(os.path.exists(name) and os.path.getsize(name) for name in ('child', 'orphan')): pass\n"
        handle = backend.start(python(tmp_path, code + wait))
        assert ended(backend, handle).exit_code == 0
        before = [(tmp_path / name).read_text() for name in ("child", "orphan")]
        time.sleep(0.5)
        assert [(tmp_path / name).read_text() for name in ("child", "orphan")] == before
        backend.stop(handle, 0)


class TestContainers:
    def test_it_sees_its_folder_and_nothing_else_and_has_no_rights(self, plain: DockerBackend, tmp_path: Path) -> None:
        (tmp_path / "source.txt").write_text("here")
        script = "id -u; cat source.txt; touch made; ls /work; grep -E 'CapBnd|NoNewPrivs' /proc/self/status"
        handle = plain.start(shell(tmp_path, script))
        assert ended(plain, handle).exit_code == 0
        text = said(tmp_path)
        assert text.splitlines()[0] != "0"
        assert "here" in text
        assert "cannot access '/work'" in text
        assert "CapBnd:\t0000000000000000" in text
        assert "NoNewPrivs:\t1" in text
        assert (tmp_path / "made").exists()
        plain.stop(handle, 0)

    def test_its_folder_may_stand_elsewhere_in_it(self, engine: Engine, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "data.txt").write_text("data")
        work = tmp_path / "work"
        work.mkdir()
        container = Container(image=BASE, workdir="/azureml-run", mounts=(Mount(other, "/data", read_only=True),))
        backend = DockerBackend(engine)
        handle = backend.start(shell(work, "pwd; cat /data/data.txt; touch /data/x; touch y", container))
        ended(backend, handle)
        assert said(work).startswith("/azureml-run\ndata")
        assert "Read-only" in said(work)
        assert (work / "y").exists()
        backend.stop(handle, 0)

    def test_limits_hold(self, engine: Engine, tmp_path: Path) -> None:
        limits = Container(image=BASE, cpus=0.5, memory=64 * 1024**2, shm_size=8 * 1024**2, ulimits={"nofile": 77})
        backend = DockerBackend(engine, limits)
        handle = backend.start(shell(tmp_path, "df -k /dev/shm | tail -n 1; ulimit -n; sleep 600"))
        until(lambda: "77" in said(tmp_path), "the limits")
        found = containers.inspect(engine, handle.started)
        assert found is not None
        host = found["HostConfig"]
        backend.stop(handle, 0)
        assert (host["NanoCpus"], host["Memory"], host["ShmSize"]) == (500_000_000, 64 * 1024**2, 8 * 1024**2)
        assert " 8192 " in said(tmp_path)

    def test_what_is_reserved_is_told_to_the_engine(self, engine: Engine, tmp_path: Path) -> None:
        reserving = Container(image=BASE, cpus_reserved=0.25, memory_reserved=32 * 1024**2)
        backend = DockerBackend(engine, reserving)
        handle = backend.start(shell(tmp_path, "echo begun; sleep 600"))
        until(lambda: "begun" in said(tmp_path), "its start")
        found = containers.inspect(engine, handle.started)
        assert found is not None
        host = found["HostConfig"]
        backend.stop(handle, 0)
        assert host["MemoryReservation"] == 32 * 1024**2
        assert host["CpuShares"] == (256 if engine.get("/info").get("CPUShares", True) else 0)

    def test_a_program_that_wants_more_memory_than_it_may_have_says_so(self, engine: Engine, tmp_path: Path) -> None:
        backend = DockerBackend(engine, Container(image=BASE, memory=32 * 1024**2))
        handle = backend.start(shell(tmp_path, "python3 -c 'x = bytearray(500_000_000)'; exit $?"))
        status = ended(backend, handle)
        backend.stop(handle, 0)
        assert status.exit_code == -9
        assert status.reason == "Its container ran out of memory (its limit of 32 MB)."

    def test_gpus_where_there_are_none_are_refused(self, engine: Engine, tmp_path: Path) -> None:
        backend = DockerBackend(engine, Container(image=BASE, gpus="all"))
        with pytest.raises(Unsupported, match="NVIDIA Container Toolkit"):
            backend.start(shell(tmp_path, "true"))

    def test_an_image_that_is_gone_is_an_error_that_names_it(self, engine: Engine, tmp_path: Path) -> None:
        backend = DockerBackend(engine, Container(image="zaffre-test/gone:1"))
        with pytest.raises(ExperimentExecutionException, match="zaffre-test/gone:1"):
            backend.start(shell(tmp_path, "true"))

    def test_a_container_removed_by_somebody_is_no_riddle(
        self, engine: Engine, plain: DockerBackend, tmp_path: Path
    ) -> None:
        handle = plain.start(shell(tmp_path, "sleep 600"))
        containers.remove(engine, handle.started)
        status = ended(plain, handle)
        assert status == Status(running=False, exit_code=status.exit_code, reason=status.reason)
        assert status.reason == "Its container was removed." or status.exit_code == -9
        plain.stop(handle, 0)

    def test_containers_whose_starter_crashed_are_found_and_removed(
        self, engine: Engine, plain: DockerBackend, tmp_path: Path
    ) -> None:
        kept = plain.start(shell(tmp_path, "sleep 600"))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:  # starts a container, and ends as a crashed process does
            handle = DockerBackend(engine, Container(image=BASE)).start(
                replace(shell(tmp_path, "sleep 600"), name="lost")
            )
            os.write(writer, handle.started.encode())
            os._exit(1)
        os.waitpid(child, 0)
        lost = os.read(reader, 100).decode()
        assert containers.inspect(engine, lost) is not None
        assert "lost" in plain.remove_orphans()
        assert containers.inspect(engine, lost) is None
        assert plain.poll(kept).running
        assert containers.labelled(engine, OWNER)
        plain.stop(kept, 0)

    def test_nothing_is_left_after_stop(self, engine: Engine, plain: DockerBackend, tmp_path: Path) -> None:
        handle = plain.start(shell(tmp_path, "true"))
        ended(plain, handle)
        assert containers.inspect(engine, handle.started) is not None
        plain.stop(handle, 0)
        assert containers.inspect(engine, handle.started) is None

    def test_no_engine_is_a_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
        with pytest.raises(EngineUnavailable, match=r"none\.sock.*is DOCKER_HOST right\?"):
            DockerBackend()
