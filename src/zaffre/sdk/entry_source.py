"""The entry scripts that come with Zaffre, for models that are deployed without one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zaffre.sdk.discovery import home
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.service_folder import ServiceFolder

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.workspace import Workspace

_FOLDER: Final = "own_source"


def inference_config(
    workspace: Workspace, service: str, scripts: Sequence[str], environment: Environment
) -> InferenceConfig:
    """The first of ``scripts`` as entry script, with the others beside it, in the service's own folder."""
    folder = ServiceFolder(home(), workspace.name, service).path / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for script in scripts:
        shutil.copyfile(Path(__file__).with_name("entry_scripts") / script, folder / script)
    return InferenceConfig(scripts[0], source_directory=str(folder), environment=environment)
