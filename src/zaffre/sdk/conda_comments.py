"""Comments of a conda file, kept beside the lines they belong to when the document is written again."""

from __future__ import annotations

import re

_TRAILING = re.compile(r"^(?P<line>[^'\"#]*?)(?P<comment>\s+#.*)$")


class Comments:
    """The comments of a YAML text: those at its head, those above a line, and those behind it.

    A line is known by what it says and under which heading, however it is indented and quoted. What a changed or
    removed line said of itself goes with it.
    """

    def __init__(self, text: str = "") -> None:
        self._head: list[str] = []
        self._above: dict[str, list[str]] = {}
        self._behind: dict[str, str] = {}
        self._tail: list[str] = []
        waiting: list[str] = []
        place = _Place()
        is_first = True
        for line in text.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                waiting.append(line.strip())
                if is_first and not line.strip():
                    self._head, waiting = [*self._head, *waiting], []
                continue
            is_first = False
            match = _TRAILING.match(line)
            said = place.of(match["line"] if match else line)
            if match:
                self._behind[said] = match["comment"]
            if any(waiting):
                self._above[said] = waiting
            waiting = []
        self._tail = waiting if any(waiting) else []

    def __bool__(self) -> bool:
        return bool(any(self._head) or self._above or self._behind or self._tail)

    def put_into(self, text: str) -> str:
        """The same comments in another text of the document."""
        lines = list(self._head)
        place = _Place()
        for line in text.splitlines():
            said = place.of(line)
            indent = line[: len(line) - len(line.lstrip())]
            lines += [f"{indent}{comment}" if comment else "" for comment in self._above.get(said, ())]
            lines.append(line + self._behind.get(said, ""))
        return "\n".join([*lines, *self._tail]) + "\n"


class _Place:
    """Where in the document one is, while its lines are read one after the other."""

    def __init__(self) -> None:
        self._heading = ""

    def of(self, line: str) -> str:
        said = re.sub(r"\s+", " ", line.strip()).replace('"', "").replace("'", "")
        found = f"{self._heading} {said}"
        if said.endswith(":"):
            self._heading = said
        return found
