"""Write the files that are made from the code, or with ``--check`` fail when one of them is not what the code makes.

docs/reference/cli.md     from the command line's own help
studio/openapi.json       from the server's routes
studio/src/api/schema.d.ts  from studio/openapi.json, by openapi-typescript
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hatch_build import Studio
from zaffre.cli.exits import MEANINGS
from zaffre.cli.tree import build, load
from zaffre.server.openapi import document

ROOT = Path(__file__).resolve().parent.parent
HEADING = """\
<!-- Made by `make generate` from the program's own help. -->

# Command line

Every command that shows something takes `--output json`, which prints one JSON value on stdout for programs. Progress,
notices and errors go to stderr. A command that deletes asks first; `--yes` answers for scripts. `zaffre completion
install` makes the shell complete commands and options.

Commands speak to the server that `ZAFFRE_URL` and `ZAFFRE_TOKEN` name, else to the one of `ZAFFRE_HOME` (default
`~/.zaffre`); only `zaffre up` and `zaffre demo` start one.

## Exit codes

| code | meaning |
|---|---|
"""


def command_line() -> str:
    codes = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in MEANINGS.items())
    reference = load(build()).generate_docs(output_format="markdown", heading_level=2)
    lines = (line.rstrip() for line in f"{HEADING}{codes}\n{reference}".splitlines())
    return "\n".join(lines).rstrip() + "\n"


def openapi() -> str:
    return json.dumps(document(), indent=1, sort_keys=True) + "\n"


def studio_types() -> str:
    """The TypeScript of the API's messages; made from the document of this moment, not from the file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        source.write_text(openapi())
        studio = Studio(ROOT)
        studio.install()
        studio.npm("exec", "--offline", "--", "openapi-typescript", str(source), "-o", str(target))
        return target.read_text()


GENERATED: dict[str, Callable[[], str]] = {
    "docs/reference/cli.md": command_line,
    "studio/openapi.json": openapi,
    "studio/src/api/schema.d.ts": studio_types,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file would change")
    check = parser.parse_args().check
    stale = []
    for name, make in GENERATED.items():
        file, text = ROOT / name, make()
        if file.is_file() and file.read_text() == text:
            continue
        stale.append(name)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            print(f"wrote {name}")
    if check and stale:
        print(f"Not what the code makes: {', '.join(stale)}. Run `make generate`, and look at what changed.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
