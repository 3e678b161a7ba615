"""Compute targets of Azure that Zaffre has not: importable, so that scripts load, refused when used."""

from __future__ import annotations

from typing import Any, NoReturn

from zaffre.sdk.compute import ComputeTarget
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.workspace import Workspace


class _UnbuiltCompute(ComputeTarget):
    """Every way to make or find one raises ``Unsupported``."""

    def __new__(cls, workspace: Workspace, name: str) -> NoReturn:
        cls._refuse()

    @classmethod
    def _refuse(cls) -> NoReturn:
        raise not_built(cls.__name__, "submit to 'local' or to an AmlCompute target, deploy to a LocalWebservice")

    @classmethod
    def provisioning_configuration(cls, *args: Any, **kwargs: Any) -> NoReturn:
        cls._refuse()

    @classmethod
    def attach_configuration(cls, *args: Any, **kwargs: Any) -> NoReturn:
        cls._refuse()


class AdlaCompute(_UnbuiltCompute):
    """Azure Data Lake Analytics."""


class AksCompute(_UnbuiltCompute):
    """Azure Kubernetes Service."""

    class ClusterPurpose:
        DEV_TEST = "DevTest"
        FAST_PROD = "FastProd"
        DENSE_PROD = "DenseProd"


class BatchCompute(_UnbuiltCompute):
    """Azure Batch."""


class ComputeInstance(_UnbuiltCompute):
    """A personal virtual machine."""


class DatabricksCompute(_UnbuiltCompute):
    """Azure Databricks."""


class DataFactoryCompute(_UnbuiltCompute):
    """Azure Data Factory."""


class DsvmCompute(_UnbuiltCompute):
    """The Data Science Virtual Machine."""


class HDInsightCompute(_UnbuiltCompute):
    """Azure HDInsight."""


class KubernetesCompute(_UnbuiltCompute):
    """A Kubernetes cluster."""


class KustoCompute(_UnbuiltCompute):
    """Azure Data Explorer."""


class RemoteCompute(_UnbuiltCompute):
    """A machine reached by SSH."""


class SynapseCompute(_UnbuiltCompute):
    """Azure Synapse."""
