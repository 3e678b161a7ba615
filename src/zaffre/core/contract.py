"""The launch contract: names of the environment variables, folders and log files that user code may rely on.

The names are those that Azure ML SDK v1 and MLflow scripts already read; each is spelled here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Settings of this product, read by SDK, CLI, runner and server at the moment of use.
ZAFFRE_HOME: Final = "ZAFFRE_HOME"  # where Zaffre keeps everything outside a project (default ~/.zaffre)
ZAFFRE_URL: Final = "ZAFFRE_URL"  # the server to use; absent: the one recorded in ZAFFRE_HOME/server.json
ZAFFRE_TOKEN: Final = "ZAFFRE_TOKEN"  # the token to use; absent: ZAFFRE_HOME/token
ZAFFRE_WORKSPACE: Final = "ZAFFRE_WORKSPACE"
ZAFFRE_PORT: Final = "ZAFFRE_PORT"
ZAFFRE_DATABASE: Final = "ZAFFRE_DATABASE"  # the server's database; absent: the one that the home remembers
ZAFFRE_MLFLOW_TOKEN_SECONDS: Final = "ZAFFRE_MLFLOW_TOKEN_SECONDS"  # how long tokens for MLflow clients are valid
ZAFFRE_LOCAL_SERVICE: Final = "ZAFFRE_LOCAL_SERVICE"  # where local services run: auto, docker or process
ZAFFRE_SERVICE: Final = "ZAFFRE_SERVICE"  # the service that a supervisor supervises

# How a machine prepares and supervises what it runs: kept by every runner that a server or a script starts on it.
ZAFFRE_CONDA: Final = "ZAFFRE_CONDA"
ZAFFRE_CONDA_ALIAS: Final = "ZAFFRE_CONDA_ALIAS"
ZAFFRE_CONDA_DEFAULTS: Final = "ZAFFRE_CONDA_DEFAULTS"
ZAFFRE_PYTHON_FALLBACK: Final = "ZAFFRE_PYTHON_FALLBACK"
ZAFFRE_TORCH: Final = "ZAFFRE_TORCH"
ZAFFRE_RUNS: Final = "ZAFFRE_RUNS"  # where runs are: auto or docker
ZAFFRE_BASE_IMAGE: Final = "ZAFFRE_BASE_IMAGE"  # the image that stands for Azure's plain ones
ZAFFRE_RUNNER_PATIENCE: Final = "ZAFFRE_RUNNER_PATIENCE"
ZAFFRE_REGISTRY: Final = "ZAFFRE_REGISTRY"
ZAFFRE_REGISTRY_USER: Final = "ZAFFRE_REGISTRY_USER"
ZAFFRE_REGISTRY_PASSWORD: Final = "ZAFFRE_REGISTRY_PASSWORD"  # for a runner, never for the program that it runs
_OF_MACHINE: Final = (
    ZAFFRE_CONDA,
    ZAFFRE_CONDA_ALIAS,
    ZAFFRE_CONDA_DEFAULTS,
    ZAFFRE_PYTHON_FALLBACK,
    ZAFFRE_TORCH,
    ZAFFRE_RUNS,
    ZAFFRE_BASE_IMAGE,
    ZAFFRE_RUNNER_PATIENCE,
    ZAFFRE_REGISTRY,
    ZAFFRE_REGISTRY_USER,
    ZAFFRE_REGISTRY_PASSWORD,
)
_OF_ONE = ("AZUREML_", "AML_", "MLFLOW_", "SERVICE_", "SCORING_", "ZAFFRE_")

# A run's identity. The first seven together mean "online" to Run.get_context().
RUN_ID: Final = "AZUREML_RUN_ID"
SUBSCRIPTION: Final = "AZUREML_ARM_SUBSCRIPTION"
RESOURCE_GROUP: Final = "AZUREML_ARM_RESOURCEGROUP"
WORKSPACE_NAME: Final = "AZUREML_ARM_WORKSPACE_NAME"
PROJECT_NAME: Final = "AZUREML_ARM_PROJECT_NAME"  # the experiment's name
SERVICE_ENDPOINT: Final = "AZUREML_SERVICE_ENDPOINT"  # the server's URL
RUN_TOKEN: Final = "AZUREML_RUN_TOKEN"
ONLINE_VARIABLES: Final = (
    RUN_ID,
    SUBSCRIPTION,
    RESOURCE_GROUP,
    WORKSPACE_NAME,
    PROJECT_NAME,
    SERVICE_ENDPOINT,
    RUN_TOKEN,
)
EXPERIMENT_ID: Final = "AZUREML_EXPERIMENT_ID"
WORKSPACE_ID: Final = "AZUREML_WORKSPACE_ID"

MLFLOW_TRACKING_URI: Final = "MLFLOW_TRACKING_URI"
MLFLOW_TRACKING_TOKEN: Final = "MLFLOW_TRACKING_TOKEN"
MLFLOW_RUN_ID: Final = "MLFLOW_RUN_ID"
MLFLOW_EXPERIMENT_ID: Final = "MLFLOW_EXPERIMENT_ID"
MLFLOW_EXPERIMENT_NAME: Final = "MLFLOW_EXPERIMENT_NAME"

# A web service.
MODEL_DIR: Final = "AZUREML_MODEL_DIR"
APP_ROOT: Final = "AML_APP_ROOT"
SOURCE_DIRECTORY: Final = "AZUREML_SOURCE_DIRECTORY"
ENTRY_SCRIPT: Final = "AZUREML_ENTRY_SCRIPT"
SERVICE_NAME: Final = "SERVICE_NAME"
SCORING_TIMEOUT_MS: Final = "SCORING_TIMEOUT_MS"
SCALE_DOWN_SECONDS: Final = "ZAFFRE_SCALE_DOWN_SECONDS"
MAX_WAIT_MS: Final = "ZAFFRE_MAX_REQUEST_WAIT_MS"
PLAIN_JSON: Final = "ZAFFRE_PLAIN_JSON"
CLUSTER_TIMEOUT_MS: Final = 60_000  # of services of the kind AKS, unless they are told otherwise

# Folders and files, relative to a run's working directory or artifact root.
OUTPUTS: Final = "outputs"
LOGS: Final = "logs"
BUILD_LOG: Final = "azureml-logs/20_image_build_log.txt"
DRIVER_LOG: Final = "azureml-logs/70_driver_log.txt"
USER_LOG: Final = "logs/user_log.txt"
MODELS: Final = "azureml-models"

# Files under ZAFFRE_HOME.
SERVER_FILE: Final = "server.json"
TOKEN_FILE: Final = "token"
DATABASE_FILE: Final = "database"  # the address of the server's database, without its password; absent: SQLite
DEFAULT_PORT: Final = 5577
DEFAULT_WORKSPACE: Final = "default"
DEFAULT_SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
DEFAULT_RESOURCE_GROUP: Final = "local"


def inheritable(variables: Mapping[str, str]) -> dict[str, str]:
    """What the runner of a run or the supervisor of a service gets of the variables of the process that starts it.

    Not what belongs to another run or service, or names another server.
    """
    return {key: value for key, value in variables.items() if key in _OF_MACHINE or not key.startswith(_OF_ONE)}
