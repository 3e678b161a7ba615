"""Older names around compute targets."""

from __future__ import annotations

from typing import Any

from zaffre.core.errors import ComputeTargetException
from zaffre.sdk.unbuilt import not_built

__all__ = [
    "AbstractComputeTarget",
    "ComputeTargetException",
    "LocalTarget",
    "attach_legacy_compute_target",
    "is_compute_target_prepared",
    "prepare_compute_target",
    "remove_legacy_compute_target",
]


class AbstractComputeTarget:
    """A compute target by type and name."""

    def __init__(self, compute_target_type: str, name: str) -> None:
        self._type = compute_target_type
        self._name = name

    @property
    def type(self) -> str:
        return self._type

    @property
    def name(self) -> str:
        return self._name

    @staticmethod
    def deserialize_from_dict(compute_target_name: str, compute_target_dict: dict[str, Any]) -> AbstractComputeTarget:
        return AbstractComputeTarget(str(compute_target_dict.get("type", "local")), compute_target_name)


class LocalTarget(AbstractComputeTarget):
    """The machine that submits."""

    def __init__(self) -> None:
        super().__init__("local", "local")


def attach_legacy_compute_target(experiment: Any, source_directory: str, compute_target: Any) -> Any:
    raise not_built("attach_legacy_compute_target", "submit to 'local' or to an AmlCompute target")


def remove_legacy_compute_target(experiment: Any, source_directory: str, compute_target_name: str) -> Any:
    raise not_built("remove_legacy_compute_target", "delete a compute target with its delete()")


def is_compute_target_prepared(experiment: Any, source_directory: str, run_config: Any) -> bool:
    """Always True: an environment that is missing is built when the run starts."""
    return True


def prepare_compute_target(experiment: Any, source_directory: str, run_config: Any) -> Any:
    raise not_built("prepare_compute_target", "build the environment beforehand with Environment.build(workspace)")
