"""The version of Azure's SDK whose names and behaviour this one answers for."""

from __future__ import annotations

from typing import Final

# azureml.core.VERSION: scripts print it and compare it, so it must look like a version of azureml-core. It is the
# release against which our signatures and behaviour are held, not the version of Zaffre (zaffre.__version__).
VERSION: Final = "1.61.0"
