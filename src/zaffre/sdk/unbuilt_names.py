"""Names of Azure's SDK that scripts import, often without need: the import works, any use says what is missing."""

from __future__ import annotations

from typing import Any, NoReturn

from zaffre.sdk.unbuilt import not_built


class _Unbuilt(type):
    """A class of which nothing can be used."""

    instead: str

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise not_built(cls.__name__, cls.instead)

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("_"):  # Python's own questions, and those of tools that look around
            raise AttributeError(name)
        raise not_built(f"{cls.__name__}.{name}", cls.instead)


class Dataset(metaclass=_Unbuilt):
    instead = "read files from a datastore (ws.get_default_datastore().download(...)), or pass paths as arguments"


class DataPath(metaclass=_Unbuilt):
    instead = "pass paths as arguments"


class DatasetConsumptionConfig(metaclass=_Unbuilt):
    instead = "pass paths as arguments"


class OutputFileDatasetConfig(metaclass=_Unbuilt):
    instead = "write to ./outputs, which is kept with the run"


class FileDataset(metaclass=_Unbuilt):
    instead = "read files from a datastore"


class TabularDataset(metaclass=_Unbuilt):
    instead = "read files from a datastore"


class DataType(metaclass=_Unbuilt):
    instead = "read files from a datastore"


class Keyvault(metaclass=_Unbuilt):
    instead = "pass secrets to runs as environment variables"


class LinkedService(metaclass=_Unbuilt):
    instead = "Zaffre links no services of Azure"


class SynapseWorkspaceLinkedServiceConfiguration(metaclass=_Unbuilt):
    instead = "Zaffre links no services of Azure"


class PrivateEndPoint(metaclass=_Unbuilt):
    instead = "put the server behind the network that should reach it"


class PrivateEndPointConfig(metaclass=_Unbuilt):
    instead = "put the server behind the network that should reach it"


def diagnostic_log(log_filename: str, log_level: object = None) -> NoReturn:
    raise not_built("diagnostic_log", 'use Python\'s logging: the logger "zaffre" says what the SDK does')
