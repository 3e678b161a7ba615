from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path

from tests.runner.submission import Submission, submitted, until
from tests.server_process import ServerProcess
from zaffre.core import contract
from zaffre.core.entities import EnvironmentUse
from zaffre.core.states import RunStatus
from zaffre.core.wire import RunEvent
from zaffre.launch import processes


def test_a_script_runs_and_leaves_its_log_outputs_and_states(server: ServerProcess, workspace_name: str) -> None:
    files = {
        "train.py": (
            "import pathlib, sys, helper\n"
            "print('arguments', sys.argv[1:])\n"
            "print('to stderr', file=sys.stderr)\n"
            "pathlib.Path('outputs/model/weights.bin').parent.mkdir()\n"
            "pathlib.Path('outputs/model/weights.bin').write_bytes(bytes(range(256)) * 1000)\n"
            "pathlib.Path('logs/own.log').write_text('line\\n')\n"
            "print(helper.WORD, pathlib.Path.cwd())\n"
        ),
        "helper.py": "WORD = 'helped'\n",
    }
    run = submitted(server, workspace_name, files, arguments=["--rate", "0.1", "two words"])
    ended = run.finish(RunStatus.COMPLETED)
    log = run.log()
    assert "arguments ['--rate', '0.1', 'two words']" in log
    assert "to stderr" in log
    assert f"helped {run.folder}" in log
    assert run.artifacts()["outputs/model/weights.bin"] == 256_000
    assert run.read("logs/own.log") == "line\n"
    assert "as it is (user-managed dependencies)" in run.build_log()
    assert ended.start_time is not None
    assert ended.end_time is not None
    events = [event.status.value for event in run.client.get(f"{run.path}/events", list[RunEvent])]
    assert events[-5:] == ["Starting", "Preparing", "Running", "Finalizing", "Completed"]
    assert not run.spool.exists()
    assert not run.folder.exists()


def test_the_program_sees_the_documented_environment(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(
        server,
        workspace_name,
        "import json, os; open('outputs/env.json', 'w').write(json.dumps(dict(os.environ)))",
        variables={"INHERITED": "yes", "CHOSEN": "inherited", "ZAFFRE_REGISTRY_PASSWORD": "secret"},
        environment={
            "name": "own",
            "python": {"userManagedDependencies": True},
            "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE", "CHOSEN": "environment"},
        },
        environment_variables={"CHOSEN": "run"},
    )
    ended = run.finish()
    seen = json.loads(run.read("outputs/env.json"))
    assert {name for name in contract.ONLINE_VARIABLES if not seen.get(name)} == set()
    assert seen["AZUREML_RUN_ID"] == seen["MLFLOW_RUN_ID"] == ended.id
    assert seen["AZUREML_ARM_WORKSPACE_NAME"] == workspace_name
    assert seen["AZUREML_ARM_PROJECT_NAME"] == seen["MLFLOW_EXPERIMENT_NAME"] == "trial"
    assert seen["MLFLOW_EXPERIMENT_ID"] == seen["AZUREML_EXPERIMENT_ID"] == str(ended.experiment_id)
    assert seen["MLFLOW_TRACKING_URI"] == f"{server.url}/workspaces/{workspace_name}"
    assert seen["MLFLOW_TRACKING_TOKEN"] == seen["AZUREML_RUN_TOKEN"] == run.token
    assert seen["ZAFFRE_HOME"] == str(server.home)
    assert seen["PYTHONUNBUFFERED"] == "1"
    assert seen["INHERITED"] == "yes"
    assert "ZAFFRE_REGISTRY_PASSWORD" not in seen
    assert seen["CHOSEN"] == "run"
    assert seen["EXAMPLE_ENV_VAR"] == "EXAMPLE_VALUE"


def test_output_is_to_be_read_while_the_program_runs(server: ServerProcess, workspace_name: str) -> None:
    code = "import time\nfor i in range(3000):\n    print('tick', i, time.time())\n    time.sleep(0.05)\n"
    run = submitted(server, workspace_name, code)
    until(lambda: "tick 5" in run.log(), "the first lines")
    assert run.now().status is RunStatus.RUNNING
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)


def test_a_script_that_fails_says_how_and_shows_its_last_lines(server: ServerProcess, workspace_name: str) -> None:
    code = "for i in range(100): print('line', i)\nraise ValueError('the rate is negative')\n"
    run = submitted(server, workspace_name, code)
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    assert ended.error.code == "UserError"
    assert "The script train.py ended with exit code 1" in ended.error.message
    assert "ValueError: the rate is negative" in ended.error.message
    assert "line 99" in ended.error.message
    assert "line 50\n" not in ended.error.message
    assert ended.error.details["exit_code"] == 1
    assert "the rate is negative" in run.log()
    assert (run.folder / "train.py").exists()


def test_a_program_ended_by_a_signal_is_told_so(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    assert "was ended by signal 9 (perhaps the machine ran out of memory)" in ended.error.message
    assert "It printed nothing" in ended.error.message


def test_a_script_ends_with_its_killed_runner(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, "import os, time; print('number', os.getpid()); time.sleep(600)")
    log = str(until(lambda: run.log() if "\n" in run.log() else "", "its first line"))
    script = int(log.split()[1])
    run.process.kill()
    run.process.wait()
    until(lambda: (found := processes.find(script)) is None or not found.is_alive, "the end of the script")


def test_a_command_runs_in_a_shell_with_the_environment_first_on_path(
    server: ServerProcess, workspace_name: str
) -> None:
    files = {"go.sh!": "#!/bin/sh\necho from-shell $1\n"}
    run = submitted(
        server, workspace_name, files, command="./go.sh word && python -c 'import sys; print(sys.executable)'"
    )
    run.finish()
    assert "from-shell word" in run.log()
    assert sys.executable in run.log()


def test_a_missing_script_is_a_sentence(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, {"other.py": ""}, script="train.py")
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    assert "'train.py' is not in the source directory that was sent (it has: other.py)" in ended.error.message
    assert ended.error.code == "UserError"


def test_an_environment_that_cannot_be_built_fails_the_run_with_its_log(
    server: ServerProcess, workspace_name: str
) -> None:
    environment = {"name": "bad", "python": {"condaDependencies": {"dependencies": [{"pip": ["six==99.99"]}]}}}
    run = submitted(server, workspace_name, "print(1)", environment=environment)
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    assert "no version of six==99.99" in ended.error.message
    assert "no version of six==99.99" in run.build_log()


def test_cancel_ends_the_whole_tree(server: ServerProcess, workspace_name: str) -> None:
    beat = (
        "import signal, sys, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True: pathlib.Path('outputs/beat').write_text(str(time.time())); time.sleep(0.02)\n"
    )
    files = {
        "beat.py": beat,
        "train.py": "import subprocess, sys, time\nsubprocess.Popen([sys.executable, 'beat.py'])\ntime.sleep(600)\n",
    }
    run = submitted(server, workspace_name, files)
    beating = run.folder / "outputs" / "beat"
    until(beating.exists, "the first beat")
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    assert "[zaffre] The run is canceled" in run.log()
    assert not beating.exists()  # with the run's folder; a process that went on would have made it again
    assert "outputs/beat" in run.artifacts()


def test_a_canceled_program_may_end_by_itself(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import signal, sys, time\n"
        "def save(*_):\n    open('outputs/saved.txt', 'w').write('saved'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\nprint('ready')\ntime.sleep(600)\n"
    )
    run = submitted(server, workspace_name, code)
    until(lambda: "ready" in run.log(), "the start")
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    assert run.read("outputs/saved.txt") == "saved"


def test_a_run_that_takes_too_long_is_stopped(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, "import time; time.sleep(600)", max_run_duration_seconds=1)
    ended = run.finish(RunStatus.CANCELED)
    assert ended.error is not None
    assert "longer than max_run_duration_seconds=1" in ended.error.message
    assert "longer than max_run_duration_seconds=1" in run.log()


def test_outputs_and_logs_appear_while_the_program_runs(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import time\n"
        "open('outputs/first.txt', 'w').write('first')\n"
        "log = open('logs/own.txt', 'w', buffering=1)\n"
        "for i in range(3000):\n    print('own line', i, file=log)\n    time.sleep(0.05)\n"
    )
    run = submitted(server, workspace_name, code)
    until(lambda: "own line 30\n" in run.read("logs/own.txt"), "the growing log")
    until(lambda: run.read("outputs/first.txt") == "first", "the finished output")
    assert run.now().status is RunStatus.RUNNING
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    lines = run.read("logs/own.txt").splitlines()
    assert lines == [f"own line {i}" for i in range(len(lines))]


def test_a_log_that_is_written_anew_is_sent_as_it_is_at_the_end(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import time\n"
        "open('logs/own.txt', 'w').write('a' * 100)\n"
        "time.sleep(2.5)\n"
        "open('logs/own.txt', 'w').write('b' * 150)\n"
    )
    run = submitted(server, workspace_name, code)
    run.finish()
    assert run.read("logs/own.txt") == "b" * 150


def test_without_output_collection_nothing_is_collected(server: ServerProcess, workspace_name: str) -> None:
    code = "import os; os.makedirs('outputs', exist_ok=True); open('outputs/a', 'w').write('a'); print('done')"
    run = submitted(server, workspace_name, code, output_collection=False)
    run.finish()
    assert "done" in run.log()
    assert not [path for path in run.artifacts() if path.startswith("outputs/")]


def test_the_token_never_shows_in_a_log_or_an_error(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import os, sys, time\ntoken = os.environ['AZUREML_RUN_TOKEN']\n"
        "print('whole', token)\nsys.stdout.write('half ' + token[:20]); sys.stdout.flush(); time.sleep(1)\n"
        "print(token[20:])\nraise SystemExit('token ' + token)\n"
    )
    run = submitted(server, workspace_name, code)
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    stars = "*" * len(run.token)
    assert run.log() == f"whole {stars}\nhalf {stars}\ntoken {stars}\n"
    assert run.token not in ended.error.message
    assert run.token not in run.output()


def test_what_the_program_leaves_running_ends_with_it(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import subprocess, sys, pathlib, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "pathlib.Path('outputs/pid').write_text(str(child.pid))\n"
        "os._exit(0)\n"
    )
    run = submitted(server, workspace_name, code)
    run.finish()
    stat = Path(f"/proc/{run.read('outputs/pid')}/stat")
    until(lambda: not stat.exists() or ") Z " in stat.read_text(), "the end of the child", patience=10)


def test_a_run_that_waits_for_anothers_build_says_so(own_server: ServerProcess, workspace_name: str) -> None:
    environment = {"name": "shared", "python": {"condaDependencies": {"dependencies": [{"pip": ["six==1.16.0"]}]}}}
    first = submitted(own_server, workspace_name, "print('first')", environment=environment)
    first.finish()
    (key,) = [path for path in (own_server.home / "environments").iterdir() if (path / "pyvenv.cfg").exists()]
    (key / "zaffre-environment.json").unlink()  # it must be built again
    locks = own_server.home / "environments" / "locks"
    with (locks / f"{key.name}.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = submitted(own_server, workspace_name, "print('second')", environment=environment)
        waiting = until(lambda: second.now().waiting_for, "the wait")
        assert "building environment 'shared' (process " in waiting
        assert second.now().status is RunStatus.PREPARING
    ended = second.finish()
    assert ended.waiting_for is None
    assert "second" in second.log()
    used = second.client.get(f"{second.path}/environment", EnvironmentUse)
    assert used.lock is not None
    assert (used.lock.key, used.run_id) == (key.name, ended.id)
    assert "six==1.16.0" in used.lock.pip


def test_a_run_that_was_canceled_before_its_runner_came_up_never_starts(
    server: ServerProcess, workspace_name: str
) -> None:
    run = Submission(server, workspace_name, {"train.py": "print('never')"}, {}).submit()
    run.client.post(f"{run.path}/cancel", dict)
    run.start().finish(RunStatus.CANCELED)
    assert "never" not in run.log()
    assert not run.folder.exists()


def test_a_runner_that_comes_too_late_leaves_the_run_alone(server: ServerProcess, workspace_name: str) -> None:
    run = Submission(server, workspace_name, {"train.py": "print('never')"}, {}).submit()
    run.client.patch(run.path, dict, {"status": "Canceled"})
    run.start().finish(RunStatus.CANCELED)
    assert run.artifacts() == {}
    assert not run.folder.exists()


def test_a_watched_folder_outside_the_run_is_refused(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, "print(1)", watch_directories=["../elsewhere"])
    ended = run.finish(RunStatus.FAILED)
    assert ended.error is not None
    assert "'../elsewhere'" in ended.error.message


def test_a_fault_of_the_runner_itself_fails_the_run(server: ServerProcess, workspace_name: str) -> None:
    run = submitted(server, workspace_name, "print(1)", variables={"ZAFFRE_HOME": os.devnull})
    assert run.process.wait(90) == 1
    ended = run.now()
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert ended.error.code == "ServiceError"
    assert "The runner of this run failed" in ended.error.message
    assert os.devnull in run.output()


def test_many_small_outputs_are_collected(server: ServerProcess, workspace_name: str) -> None:
    code = "for i in range(300): open(f'outputs/{i:03}.txt', 'w').write(str(i))"
    run = submitted(server, workspace_name, code)
    run.finish()
    sizes = {path: size for path, size in run.artifacts().items() if path.startswith("outputs/")}
    assert sizes == {f"outputs/{i:03}.txt": len(str(i)) for i in range(300)}


def test_a_script_may_upload_an_output_that_was_collected_already(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import time\nfrom azureml.core import Run\n"
        "run = Run.get_context()\n"
        "open('outputs/model.txt', 'w').write('early')\n"
        "deadline = time.time() + 60\n"
        "while 'outputs/model.txt' not in run.get_file_names() and time.time() < deadline: time.sleep(0.2)\n"
        "assert 'outputs/model.txt' in run.get_file_names()\n"
        "open('outputs/model.txt', 'w').write('final')\n"
        "run.upload_file('outputs/model.txt', 'outputs/model.txt')\n"
        "print('uploaded')\n"
    )
    run = submitted(server, workspace_name, code)
    run.finish()
    assert "uploaded" in run.log()
    assert run.read("outputs/model.txt") == "final"


def test_a_file_whose_name_the_server_cannot_take_is_named_and_kept(server: ServerProcess, workspace_name: str) -> None:
    code = (
        "open(b'outputs/odd\\xff.txt', 'w').write('odd')\n"
        "open('outputs/new\\nline.txt', 'w').write('line')\n"
        "open('outputs/good.txt', 'w').write('good')\n"
    )
    run = submitted(server, workspace_name, code)
    assert run.process.wait(90) == 1
    ended = run.now()
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert "ended with exit code 0, but 2 files of the run could not be stored" in ended.error.message
    assert "odd\\udcff.txt" in ended.error.message
    assert "odd\\udcff.txt is not uploaded" in run.log()
    assert run.read("outputs/good.txt") == "good"
    assert (run.folder / "outputs" / "new\nline.txt").read_text() == "line"
