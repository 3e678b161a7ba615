"""``python -m zaffre.serving``: see ``command.main`` for its exit statuses."""

from __future__ import annotations

import importlib
import importlib.util
import sys

_NEEDED = ("httptools",)


def main() -> int:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f'This Python cannot serve ({", ".join(missing)} missing): run `pip install "zaffre[serving]"`.\n'
        )
        return 2
    return int(importlib.import_module("zaffre.serving.command").main())


if __name__ == "__main__":
    sys.exit(main())
