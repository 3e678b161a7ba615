"""Every command and where it stands: the composition of ``zaffre``.

A command is named by its module and function, below ``zaffre.cli``, and loaded when it is called for: ``zaffre up``
does not wait for what ``zaffre service deploy`` needs.
"""

from __future__ import annotations

from typing import Final

from cyclopts import App, Parameter

from zaffre import __version__
from zaffre.cli.completion import completion_commands
from zaffre.cli.token.create import create_token

SINGLE: Final = {
    "up": "up:up",
    "down": "down:down",
    "status": "status:status",
    "doctor": "doctor:doctor",
    "demo": "demo.command:demo",
    "init": "init:init",
}
NOUNS: Final = {
    "workspace": (
        "The workspaces of the server.",
        {
            "list": "workspace.list:list_workspaces",
            "show": "workspace.show:show_workspace",
            "create": "workspace.create:create_workspace",
            "delete": "workspace.delete:delete_workspace",
        },
    ),
    "experiment": (
        "The experiments of a workspace.",
        {
            "list": "experiment.list:list_experiments",
            "show": "experiment.show:show_experiment",
            "create": "experiment.create:create_experiment",
            "delete": "experiment.delete:delete_experiment",
        },
    ),
    "run": (
        "Submit, follow and fetch runs.",
        {
            "submit": "run.submit:submit_run",
            "list": "run.list:list_runs",
            "show": "run.show:show_run",
            "logs": "run.logs:logs",
            "environment": "environment.use:run_environment",
            "cancel": "run.cancel:cancel_run",
            "download": "run.download:download_run",
            "delete": "run.delete:delete_run",
        },
    ),
    "model": (
        "The model registry of a workspace.",
        {
            "list": "model.list:list_models",
            "show": "model.show:show_model",
            "register": "model.register:register_model",
            "download": "model.download:download_model",
            "delete": "model.delete:delete_model",
            "alias": "model.alias:set_alias",
            "unalias": "model.alias:remove_alias",
            "profile": "model.profile:profile_model",
            "profiles": "model.profiles:list_profiles",
        },
    ),
    "environment": (
        "The software environments of a workspace.",
        {
            "list": "environment.list:list_environments",
            "show": "environment.show:show_environment",
            "explain": "environment.explain:explain_environment",
            "create": "environment.create:create_environment",
            "build": "environment.build:build_environment",
            "download": "environment.download:download_environment",
            "prune": "environment.prune:prune_environments",
            "delete": "environment.delete:delete_environment",
        },
    ),
    "compute": (
        "The compute targets of a workspace.",
        {
            "list": "compute.list:list_computes",
            "show": "compute.show:show_compute",
            "create": "compute.create:create_compute",
            "delete": "compute.delete:delete_compute",
        },
    ),
    "user": (
        "The users of the server, who sign in with a name and a password.",
        {
            "list": "user.list:list_users",
            "show": "user.show:show_user",
            "create": "user.create:create_user",
            "set-password": "user.set_password:set_password",
            "set-role": "user.set_role:set_role",
            "delete": "user.delete:delete_user",
        },
    ),
    "permission": (
        "Who may do what with an experiment or a registered model, in place of the users' roles.",
        {
            "list": "permission.list:list_permissions",
            "grant": "permission.grant:grant_permission",
            "revoke": "permission.revoke:revoke_permission",
        },
    ),
    "migrate": (
        "Bring what another tool holds into a workspace.",
        {"mlflow": "migrate.mlflow:migrate_mlflow"},
    ),
    "service": (
        "Deploy models as web services, score and read them.",
        {
            "deploy": "service.deploy:deploy_service",
            "list": "service.list:list_services",
            "show": "service.show:show_service",
            "score": "service.score:score_service",
            "logs": "service.logs:service_logs",
            "metrics": "service.metrics:service_metrics",
            "data": "service.data:service_data",
            "environment": "environment.use:service_environment",
            "keys": "service.keys:service_keys",
            "regen-key": "service.regen_key:regenerate_key",
            "token": "service.token:service_token",
            "delete": "service.delete:delete_service",
            "serve": "service.serve:serve_script",
            "debug": "service.debug:debug_script",
        },
    ),
    "endpoint": (
        "Versions of a web service behind one address, and the traffic of each.",
        {
            "deploy": "endpoint.deploy:deploy_endpoint",
            "list": "endpoint.list:list_endpoints",
            "show": "endpoint.show:show_endpoint",
            "create-version": "endpoint.create_version:create_version",
            "update-version": "endpoint.update_version:update_version",
            "delete-version": "endpoint.delete_version:delete_version",
            "traffic": "endpoint.traffic:set_traffic",
            "mirror": "endpoint.mirror:set_mirror",
            "shadow": "endpoint.shadow:show_shadow",
            "delete": "endpoint.delete:delete_endpoint",
        },
    ),
}
# The one noun that makes something when it stands alone: scripts have `$(zaffre token)`.
TOKEN: Final = {
    "create": "token.create:create_token",
    "list": "token.list:list_tokens",
    "revoke": "token.revoke:revoke_token",
}
# What makes a thing has the noun's own verb, and is found as "create" too.
ALIASES: Final = {"submit": "create", "register": "create", "deploy": "create"}


def build() -> App:
    """The whole program as cyclopts knows it."""
    program = App(
        name="zaffre",
        help="A machine learning workspace on your own machine.",
        version=__version__,
        default_parameter=Parameter(negative=""),
    )
    for name, place in SINGLE.items():
        program.command(f"zaffre.cli.{place}", name=name)
    for noun, (words, verbs) in NOUNS.items():
        group = App(name=noun, help=words)
        for verb, place in verbs.items():
            group.command(f"zaffre.cli.{place}", name=verb, alias=ALIASES.get(verb))
        program.command(group)
    tokens = App(name="token", help="Print a new token for a script or curl; list tokens and revoke them.")
    tokens.default(create_token)
    for verb, place in TOKEN.items():
        tokens.command(f"zaffre.cli.{place}", name=verb)
    program.command(tokens)
    program.command(completion_commands(lambda: load(program)))
    return program


def load(program: App) -> App:
    """The program with every command loaded: help, documentation and completion show what each does."""
    for name in SINGLE:
        program[name]
    for noun, (_, verbs) in NOUNS.items():
        for verb in verbs:
            program[noun][verb]
    for verb in TOKEN:
        program["token"][verb]
    return program
