"""The tutorial that trains a network on a cluster: its folder, its two scripts and two environments, its run page."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.docker_engine import BASE
from tests.e2e.browser import CHROMIUM, Studio, Workspace, launch, signed_in
from tests.seeds import pytorch
from tests.seeds.cifar import Origin
from tests.seeds.conftest import Reader
from tests.seeds.documents import FOLDER, MISSING, about, block, documents
from tests.seeds.errata import corrected
from tests.server_process import ServerProcess
from tests.waiting import until
from zaffre.core import contract
from zaffre.core.wire import API
from zaffre.docker.build import Context, build
from zaffre.docker.engine import Engine

# The first time on a machine, PyTorch is fetched and an image of it built.
pytestmark = [pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING), pytest.mark.timeout(900)]
(DOCUMENT,) = about("04-run-pytorch.py") or ["none"]

PATIENCE = 300.0
LOGS_TWICE = 8000  # images: in each of the two epochs one value of the loss, after 2,000 batches of four
FEW = 40  # images: no value, and done at once

# PyTorch's threads step on each other's toes where the machine has fewer cores than it seems.
ONE_THREAD = "OMP_NUM_THREADS=1"

# The image that Azure's environments name is in a registry that not every machine can reach: this one stands for it.
STAND_IN = "zaffre-test/one-thread:1"


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """Settings by which PyTorch comes in its build for processors, wherever that is."""
    folder = pytorch.wheels()
    return {
        **dict([ONE_THREAD.split("=")]),
        "ZAFFRE_TORCH": "cpu",
        **({"PIP_FIND_LINKS": str(folder)} if folder else {}),
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Iterator[ServerProcess]:
    """A server of these tests alone, so that its gigabytes of environments are built once and go with them."""
    running = ServerProcess(tmp_path_factory.mktemp("cluster") / "home", variables=variables).start()
    yield running
    running.stop()
    shutil.rmtree(running.home)


@pytest.fixture(scope="module")
def cluster_with_docker(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str], shared_docker: Engine
) -> Iterator[ServerProcess]:
    """A server whose runs are all in Docker, so that the tutorial is there as it is written."""
    home = tmp_path_factory.mktemp("docker") / "home"
    build(shared_docker, Context(f"FROM {BASE}\nENV {ONE_THREAD}\n"), tag=STAND_IN, log=lambda _: None)
    docker = {"DOCKER_HOST": shared_docker.address, "ZAFFRE_RUNS": "docker", "ZAFFRE_BASE_IMAGE": STAND_IN}
    running = ServerProcess(home, variables={**variables, **docker}).start()
    yield running
    running.stop()


@pytest.fixture
def studio_of() -> Iterator[Callable[[ServerProcess, str], Studio]]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with ExitStack() as stack:

        def open_studio(server: ServerProcess, workspace: str) -> Studio:
            browser = stack.enter_context(closing(launch(stack.enter_context(sync_playwright()))))
            owner = stack.enter_context(closing(Workspace(server.url, server.token, workspace)))
            return stack.enter_context(signed_in(browser, owner))

        yield open_studio


class Tutorial:
    """The folder that a reader of the document has."""

    def __init__(self, reader: Reader, origin: Origin, stack: ExitStack) -> None:
        self.reader = reader
        self._stack = stack
        (reader.folder / "src").mkdir()
        self._write("src/origin_of_the_data_set.py", origin.module())
        self._write("src/model.py", block(DOCUMENT, "class Net(nn.Module)").code)
        self._write("src/train.py", corrected(block(DOCUMENT, "# tutorial/src/train.py")))
        self._write(".azureml/pytorch-env.yml", block(DOCUMENT, "- torchvision", "yml").code)
        self._write("04-run-pytorch.py", block(DOCUMENT, "# tutorial/04-run-pytorch.py").code)

    def log_the_loss(self) -> None:
        """What the document's last part changes."""
        self._write("src/train.py", corrected(block(DOCUMENT, "ADDITIONAL CODE: log loss metric")))
        self._write(".azureml/pytorch-env.yml", block(DOCUMENT, "- azureml-sdk", "yaml").code)

    def submit(self) -> Submitted:
        server, name = self.reader.server, self.reader.workspace
        address = self.reader.python("04-run-pytorch.py").splitlines()[-1]
        assert address.startswith(f"{server.url}/ws/{name}/runs/day1-experiment-train_")
        workspace = self._stack.enter_context(closing(Workspace(server.url, server.token, name)))
        return Submitted(workspace, address.rsplit("/", 1)[1].partition("?")[0])

    def _write(self, name: str, text: str) -> None:
        (self.reader.folder / name).write_text(text)


class Submitted:
    """A run of the tutorial's."""

    def __init__(self, workspace: Workspace, id: str) -> None:
        self.id = id
        self._workspace = workspace

    def now(self) -> dict[str, Any]:
        return dict(self._workspace.call("GET", f"/runs/{self.id}"))

    def log(self, name: str) -> str:
        return self._workspace.http.get(f"{API}/workspaces/{self._workspace.name}/runs/{self.id}/artifacts/{name}").text

    def packages(self) -> list[str]:
        """What the environment has, as its lock says."""
        return str(self._workspace.call("GET", f"/runs/{self.id}/environment")["lock"]["pip"]).splitlines()

    def has_ended(self) -> bool:
        return self.now()["status"] in ("Completed", "Failed", "Canceled")

    def finish(self) -> dict[str, Any]:
        until(self.has_ended, "the end of the run", PATIENCE)
        run = self.now()
        assert run["status"] == "Completed", f"{run['error']}\n{self.log(contract.BUILD_LOG)}"
        return run


Begin = Callable[[ServerProcess, int], Tutorial]


@pytest.fixture
def begin(new_reader: Callable[[ServerProcess], Reader], tmp_path: Path) -> Iterator[Begin]:
    with ExitStack() as stack:

        def make(server: ServerProcess, images: int) -> Tutorial:
            origin = Origin(tmp_path, images)
            stack.enter_context(origin.served())
            return Tutorial(new_reader(server), origin, stack)

        yield make


def test_the_script_runs_locally_in_its_environment(begin: Begin, cluster: ServerProcess) -> None:
    """The block that makes and activates a conda environment, with Zaffre's command in the place of conda's."""
    folder = begin(cluster, FEW).reader
    assert block(DOCUMENT, "conda env create", "bash").code.splitlines()[2].startswith("python src/train.py")
    zaffre = ("-m", "zaffre.cli.main", "environment")
    folder.python(*zaffre, "create", "pytorch-env", "--conda", ".azureml/pytorch-env.yml")
    python = json.loads(folder.python(*zaffre, "build", "pytorch-env", "--output", "json"))["python"]

    done = subprocess.run(
        [python, "src/train.py"], cwd=folder.folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert (done.returncode, done.stdout) == (0, "Finished Training\n"), done.stderr
    assert (folder.folder / "data" / "cifar-10-batches-py").is_dir()


def test_the_control_script_trains_on_the_cluster(begin: Begin, cluster: ServerProcess) -> None:
    run = begin(cluster, FEW).submit()

    ended = run.finish()

    assert (ended["target"], ended["experiment_name"]) == ("cpu-cluster", "day1-experiment-train")
    assert run.log(contract.DRIVER_LOG).splitlines()[-1] == "Finished Training"
    assert any("+cpu" in line for line in run.packages() if line.startswith("torch=="))


# The folder's tree names them, and the document does not print them: these do what the parts before it did.
PARTS_BEFORE = {
    "01-create-workspace.py": """
from azureml.core import Workspace
ws = Workspace.create({name!r}, subscription_id={subscription!r}, resource_group="tutorials", location="westeurope")
ws.write_config(path=".azureml")
""",
    "02-create-compute.py": """
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    settings = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=4)
    cluster = ComputeTarget.create(ws, "cpu-cluster", settings)
cluster.wait_for_completion(show_output=True)
""",
    "src/hello.py": "print('Hello world!')\n",
    "03-run-hello.py": """
from azureml.core import Experiment, ScriptRunConfig, Workspace
ws = Workspace.from_config()
experiment = Experiment(workspace=ws, name="day1-experiment-hello")
config = ScriptRunConfig(source_directory="./src", script="hello.py", compute_target="cpu-cluster")
run = experiment.submit(config)
print(run.get_portal_url())
""",
}


def test_the_scripts_of_the_parts_before_run(
    new_reader: Callable[[ServerProcess], Reader], cluster: ServerProcess
) -> None:
    tree = next(one.code for one in documents()[DOCUMENT] if one.language == "txt" and "01-create" in one.code)
    reader = new_reader(cluster)
    (reader.folder / ".azureml" / "config.json").unlink()
    (reader.folder / "src").mkdir()
    facts = {"name": reader.workspace, "subscription": "0a1b2c3d-0000-4000-8000-000000000000"}
    for name, text in PARTS_BEFORE.items():
        assert Path(name).name in tree
        (reader.folder / name).write_text(text.format(**facts))

    reader.python("01-create-workspace.py")
    reader.python("02-create-compute.py")
    address = reader.python("03-run-hello.py").splitlines()[-1]

    scope = json.loads((reader.folder / ".azureml" / "config.json").read_text())["Scope"]
    assert scope.endswith(f"/workspaces/{reader.workspace}")
    with closing(Workspace(cluster.url, cluster.token, reader.workspace)) as workspace:
        run = Submitted(workspace, address.rsplit("/", 1)[1].partition("?")[0])
        assert run.finish()["target"] == "cpu-cluster"
        assert run.log(contract.DRIVER_LOG) == "Hello world!\n"


@pytest.mark.parametrize("kind", ["process", "docker"])
def test_the_loss_is_live_on_the_run_page(
    kind: str,
    begin: Begin,
    request: pytest.FixtureRequest,
    studio_of: Callable[[ServerProcess, str], Studio],
) -> None:
    server = request.getfixturevalue("cluster" if kind == "process" else "cluster_with_docker")
    tutorial = begin(server, LOGS_TWICE)
    tutorial.log_the_loss()
    run = tutorial.submit()

    studio = studio_of(server, tutorial.reader.workspace)
    studio.open(f"/runs/{run.id}?tab=metrics")
    chart = studio.page.locator('figure[data-metric="loss"], [data-metric="loss"]').first
    state = studio.page.locator("header [data-state]")
    until(lambda: chart.is_visible() or run.has_ended(), "the first value of the loss", PATIENCE)
    assert state.inner_text() == "Running"
    expect(studio.page.locator('figure[data-metric="loss"]')).to_have_attribute(
        "data-points", "2", timeout=PATIENCE * 1000
    )
    expect(state).to_have_text("Completed", timeout=PATIENCE * 1000)

    run.finish()
    assert ("Built the image" in run.log(contract.BUILD_LOG)) == (kind == "docker")
    lines = [line for line in run.log(contract.DRIVER_LOG).splitlines() if line.startswith("epoch=")]
    assert [line.partition(": loss ")[0] for line in lines] == ["epoch=1, batch= 2000", "epoch=2, batch= 2000"]
    shown = studio.page.locator('figure[data-metric="loss"]').get_attribute("data-last-value")
    assert f"{float(shown or 'nan'):.2f}" == lines[-1].rpartition(" ")[2]
    assert studio.problems == []


def test_the_two_lines_that_log_run_outside_of_a_run_too(reader: Reader) -> None:
    (result,) = reader.run(corrected(block(DOCUMENT, "# in train.py")))

    assert (result.error, result.output) == (None, "Attempted to log scalar metric loss:\n0.25\n")
