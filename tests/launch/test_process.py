from __future__ import annotations

from pathlib import Path

import pytest

from tests.launch.contract import BackendContract, ended, python
from zaffre.launch.process import ProcessBackend


class TestProcessBackend(BackendContract):
    @pytest.fixture
    def backend(self) -> ProcessBackend:
        return ProcessBackend()

    def test_a_workload_within_a_workload_ends_with_either(self, backend: ProcessBackend, tmp_path: Path) -> None:
        inner = python(tmp_path, "import os; print(os.environ['ZAFFRE_WORKLOAD'])", ZAFFRE_WORKLOAD="outer")
        handle = backend.start(inner)
        ended(backend, handle)
        assert (tmp_path / "log.txt").read_text().strip() == f"outer/{handle.mark}"
