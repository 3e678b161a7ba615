"""Every command and where it stands: the composition of ``zaffre``."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from cyclopts import App, Parameter

from zaffre import __version__
from zaffre.cli import compute, environment, experiment, model, run, service, workspace
from zaffre.cli.completion import completion_commands
from zaffre.cli.compute.create import create_compute
from zaffre.cli.compute.delete import delete_compute
from zaffre.cli.compute.list import list_computes
from zaffre.cli.compute.show import show_compute
from zaffre.cli.demo.command import demo
from zaffre.cli.doctor import doctor
from zaffre.cli.down import down
from zaffre.cli.environment.create import create_environment
from zaffre.cli.environment.delete import delete_environment
from zaffre.cli.environment.list import list_environments
from zaffre.cli.environment.show import show_environment
from zaffre.cli.experiment.create import create_experiment
from zaffre.cli.experiment.delete import delete_experiment
from zaffre.cli.experiment.list import list_experiments
from zaffre.cli.experiment.show import show_experiment
from zaffre.cli.init import init
from zaffre.cli.model.delete import delete_model
from zaffre.cli.model.download import download_model
from zaffre.cli.model.list import list_models
from zaffre.cli.model.register import register_model
from zaffre.cli.model.show import show_model
from zaffre.cli.results import Result
from zaffre.cli.run.cancel import cancel_run
from zaffre.cli.run.delete import delete_run
from zaffre.cli.run.download import download_run
from zaffre.cli.run.list import list_runs
from zaffre.cli.run.logs import logs
from zaffre.cli.run.show import show_run
from zaffre.cli.run.submit import submit_run
from zaffre.cli.service.delete import delete_service
from zaffre.cli.service.deploy import deploy_service
from zaffre.cli.service.list import list_services
from zaffre.cli.service.logs import service_logs
from zaffre.cli.service.score import score_service
from zaffre.cli.service.show import show_service
from zaffre.cli.status import status
from zaffre.cli.token import token
from zaffre.cli.up import up
from zaffre.cli.workspace.create import create_workspace
from zaffre.cli.workspace.delete import delete_workspace
from zaffre.cli.workspace.list import list_workspaces
from zaffre.cli.workspace.show import show_workspace

Command = Callable[..., Result]

# A noun, the module whose first line describes it, and its verbs.
NOUNS: tuple[tuple[str, ModuleType, tuple[tuple[str, Command], ...]], ...] = (
    (
        "workspace",
        workspace,
        (
            ("list", list_workspaces),
            ("show", show_workspace),
            ("create", create_workspace),
            ("delete", delete_workspace),
        ),
    ),
    (
        "experiment",
        experiment,
        (
            ("list", list_experiments),
            ("show", show_experiment),
            ("create", create_experiment),
            ("delete", delete_experiment),
        ),
    ),
    (
        "run",
        run,
        (
            ("submit", submit_run),
            ("list", list_runs),
            ("show", show_run),
            ("logs", logs),
            ("cancel", cancel_run),
            ("download", download_run),
            ("delete", delete_run),
        ),
    ),
    (
        "model",
        model,
        (
            ("list", list_models),
            ("show", show_model),
            ("register", register_model),
            ("download", download_model),
            ("delete", delete_model),
        ),
    ),
    (
        "environment",
        environment,
        (
            ("list", list_environments),
            ("show", show_environment),
            ("create", create_environment),
            ("delete", delete_environment),
        ),
    ),
    (
        "compute",
        compute,
        (("list", list_computes), ("show", show_compute), ("create", create_compute), ("delete", delete_compute)),
    ),
    (
        "service",
        service,
        (
            ("deploy", deploy_service),
            ("list", list_services),
            ("show", show_service),
            ("score", score_service),
            ("logs", service_logs),
            ("delete", delete_service),
        ),
    ),
)
SINGLE: tuple[tuple[str, Command], ...] = (
    ("up", up),
    ("down", down),
    ("status", status),
    ("doctor", doctor),
    ("demo", demo),
    ("init", init),
    ("token", token),
)
ALIASES = {"submit": "create", "register": "create", "deploy": "create"}


def build() -> App:
    """The whole program as cyclopts knows it."""
    program = App(
        name="zaffre",
        help="A machine learning workspace on your own machine.",
        version=__version__,
        default_parameter=Parameter(negative=""),
    )
    for name, single in SINGLE:
        program.command(single, name=name)
    for noun, described, verbs in NOUNS:
        words = (described.__doc__ or "").partition(": ")[2]
        group = App(name=noun, help=words[:1].upper() + words[1:])
        for verb, command in verbs:
            group.command(command, name=verb, alias=ALIASES.get(verb))
        program.command(group)
    program.command(completion_commands(program))
    return program
