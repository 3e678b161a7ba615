"""Entry scripts that cannot serve: exit status 3, a sentence and the traceback, in the log and in the status file."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import sklearn  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from tests.serving.scoring_process import ECHO, ScoringProcess, free_environment

FAULTS = {
    "an import that fails": (
        "import no_such_module_here\ndef init(): pass\ndef run(d): pass",
        "import",
        "no_such_module_here",
    ),
    "a syntax error": ("def init(:\n", "import", "SyntaxError"),
    "exit at import": ("import sys\nsys.exit(0)\n", "import", "SystemExit"),
    "no init": ("def run(data): return data", "script", "has no function init()"),
    "no run": ("def init(): pass", "script", "has no function run()"),
    "init is no function": ("init = 3\ndef run(data): pass", "script", "init()"),
    "init with an argument": ("def init(model): pass\ndef run(data): pass", "script", "takes no arguments"),
    "run without data": ("def init(): pass\ndef run(): pass", "script", "cannot be called"),
    "run with two inputs": ("def init(): pass\ndef run(a, b): pass", "script", "run(a, b)"),
    "run with *args": ("def init(): pass\ndef run(*args): pass", "script", "*args"),
    "run with **kwargs": ("def init(): pass\ndef run(data, **kw): pass", "script", "**kw"),
    "run positional only": ("def init(): pass\ndef run(data, /): pass", "script", "positional-only"),
    "async init": ("async def init(): pass\ndef run(data): pass", "script", "async"),
    "init raises": ("def init():\n    raise ValueError('bad weights')\ndef run(d): pass", "init", "bad weights"),
    "init exits": ("import sys\ndef init():\n    sys.exit('no')\ndef run(d): pass", "init", "SystemExit: no"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_script_that_cannot_serve_ends_with_status_3(tmp_path: Path, fault: str) -> None:
    script, stage, words = FAULTS[fault]
    service = ScoringProcess(tmp_path, script).launch()
    assert service.wait() == 3
    status = service.status()
    assert (status["stage"], status["error"]["stage"]) == ("failed", stage)
    assert words in status["error"]["message"]
    assert "score.py" in status["error"]["message"]
    assert status["error"]["message"] in service.log()


def test_the_traceback_of_init_begins_in_the_script(tmp_path: Path) -> None:
    script = """
        def load():
            raise FileNotFoundError("model.pkl")
        def init():
            load()
        def run(data):
            pass
    """
    service = ScoringProcess(tmp_path, script).launch()
    assert service.wait() == 3
    error = service.status()["error"]
    lines = error["details"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('score.py", line 5, in init')
    assert lines[-1] == "FileNotFoundError: model.pkl"
    assert error["kind"] == "FileNotFoundError"
    assert error["details"] in service.log()


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    service = ScoringProcess(tmp_path, ECHO, "--entry-script", "other.py").launch()
    assert service.wait() == 3
    assert str(tmp_path / "other.py") in service.status()["error"]["message"]


def test_a_port_that_is_taken_is_told_before_the_script_is_imported(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with ScoringProcess(tmp_path, ECHO) as first:
        port = str(first.http.base_url.port)
        second = ScoringProcess(tmp_path / "second", "raise SystemExit('imported')", "--port", port).launch()
        assert second.wait() == 4
        assert f"Port {port}" in second.status()["error"]["message"]
        assert "imported" not in second.log()


def test_run_gets_the_request_headers_when_it_asks(tmp_path: Path) -> None:
    script = """
        def init(): pass
        def run(data, request_headers, factor=2):
            return [data, request_headers["X-Colour"], request_headers["Content-Type"], factor]
    """
    with ScoringProcess(tmp_path, script) as service:
        reply = service.score(1, headers={"x-colour": "blue", "content-type": "text/csv"})
        assert reply.json() == ["1", "blue", "text/csv", 2]


def test_the_script_finds_its_neighbours_its_model_and_its_folders(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "part.py").write_text("VALUE = 5")
    (source / "names.py").write_text("VALUE = 6")
    (source / "main_score.py").write_text(
        "import os, names, main_score\nfrom inner import part\n"
        "def init(): pass\n"
        "def run(data):\n"
        "    same = main_score.run is run\n"
        "    return [part.VALUE, names.VALUE, os.environ['AZUREML_MODEL_DIR'], os.getcwd(), same]\n"
    )
    arguments = ["--source-dir", str(source), "--entry-script", "main_score.py", "--model-dir", "azureml-models/m/1"]
    with ScoringProcess(tmp_path, ECHO, *arguments) as service:
        model_dir = str(tmp_path / "azureml-models/m/1")
        assert service.score().json() == [5, 6, model_dir, str(tmp_path), True]


def test_the_environment_names_the_script_as_azure_does(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "src" / "scoring.py").write_text("import os\ndef init(): pass\ndef run(data): return os.getcwd()\n")
    service = ScoringProcess(tmp_path, ECHO, AML_APP_ROOT=str(root), AZUREML_ENTRY_SCRIPT="src/scoring.py")
    service.drop_argument("--entry-script")
    with service:
        assert service.score().json() == str(root)


def test_without_a_name_the_script_is_main_py(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("def init(): pass\ndef run(data): return 'main'\n")
    service = ScoringProcess(tmp_path, ECHO)
    service.drop_argument("--entry-script")
    with service:
        assert service.score().json() == "main"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "70000 is not a port"),
        (["--timeout-ms", "0"], "SCORING_TIMEOUT_MS must be a whole number above 0"),
        (["--no-such-flag"], "--no-such-flag"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: list[str], words: str) -> None:
    service = ScoringProcess(tmp_path, ECHO, *arguments).launch()
    assert service.wait() == 2
    assert words in service.log()


def test_a_setting_without_effect_is_named(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO, WORKER_PRELOAD="true", AZUREML_LOG_LEVEL="DEBUG") as service:
        service.score(1)
        assert "WORKER_PRELOAD=true has no effect" in service.log()
        assert "POST /score 200" in service.wait_for_log("POST /score 200")


def test_a_missing_model_file_is_told_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "other.txt").touch()
    script = """
        import os
        def init(): open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))
        def run(data): pass
    """
    service = ScoringProcess(tmp_path, script, "--model-dir", "weights").launch()
    assert service.wait() == 3
    message = service.status()["error"]["message"]
    assert "model.pkl" in message
    assert message.endswith("weights holds: other.txt")


def test_a_pickle_of_another_version_is_told_with_both(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    written = pickle.dumps(LogisticRegression())
    version = sklearn.__version__
    older = "0" + version[1:]
    (tmp_path / "weights" / "model.pkl").write_bytes(
        written.replace(version.encode(), older.encode()).replace(b"LogisticRegression", b"LogisticRegressioN")
    )
    script = """
        import os, pickle
        def init(): pickle.load(open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb"))
        def run(data): pass
    """
    service = ScoringProcess(tmp_path, script, "--model-dir", "weights").launch()
    assert service.wait() == 3
    said = f"model.pkl was written with scikit-learn {older}, and this environment has scikit-learn {version}"
    assert said in service.status()["error"]["message"]


LOADS = """
    import os, pickle
    PLACE = os.path.join(os.environ["AZUREML_MODEL_DIR"], "model")
    {at_import}
    def init(): {in_init}
    def run(data): pass
"""


@pytest.mark.parametrize("when", ["import", "init"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_pickle_is_known_by_its_content_and_versions_are_told_wherever_it_is_loaded(
    tmp_path: Path, when: str, packed: bool
) -> None:
    (tmp_path / "weights").mkdir()
    version = sklearn.__version__
    older = "0" + version[1:]
    content = pickle.dumps(LogisticRegression()).replace(version.encode(), older.encode())
    (tmp_path / "weights" / ("model.joblib" if packed else "model")).write_bytes(
        zlib.compress(content) if packed else content
    )
    (tmp_path / "weights" / "requirements.txt").write_text(
        f"numpy==0.1\nscikit-learn[all]=={version} # as it was\nno\n"
    )
    fails = "raise AttributeError('Cannot get what it was')"
    at = {"at_import": fails if when == "import" else "", "in_init": fails if when == "init" else "pass"}
    service = ScoringProcess(tmp_path, LOADS.format(**at), "--model-dir", "weights").launch()
    assert service.wait() == 3
    error = service.status()["error"]
    assert error["stage"] == when
    assert f"was written with scikit-learn {older}, and this environment has scikit-learn {version}" in error["message"]
    assert "requirements.txt asks for numpy 0.1, and this environment has numpy 2" in error["message"]
    assert "asks for scikit-learn" not in error["message"]


def test_a_script_is_run_in_the_shell_without_any_server(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text(
        "import json\n"
        "from azureml.contrib.services.aml_request import AMLRequest, rawhttp\n"
        "from azureml.contrib.services.aml_response import AMLResponse\n"
        "def init():\n    global factor\n    factor = 3\n"
        "def run(data):\n    return [factor * one for one in json.loads(data)]\n"
        "@rawhttp\ndef raw(request):\n    return AMLResponse(request.get_data(False), 200)\n"
    )
    lines = (
        "import score; score.init(); print(score.run('[1, 2]'))",
        "from azureml.contrib.services.aml_request import AMLRequest",
        "print(score.raw(AMLRequest('POST', '/score', b'', [], b'body')).get_data())",
    )
    done = subprocess.run(
        [sys.executable, "-c", "; ".join(lines)], cwd=tmp_path, env=free_environment(), capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["[3, 6]", "b'body'"], done.stderr
