"""``python -m zaffre.runner run|service|endpoint``: what to supervise is in the variables of ``core.contract``."""

from __future__ import annotations

import importlib
import sys

# By name: a run must not pay for importing what a service needs, nor the other way round.
_MODULES = {"run": "zaffre.runner.run", "service": "zaffre.runner.service", "endpoint": "zaffre.runner.endpoint"}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in _MODULES:
        sys.stderr.write(f"usage: python -m zaffre.runner {'|'.join(_MODULES)}\n")
        return 2
    return int(importlib.import_module(_MODULES[arguments[0]]).main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
