"""What a script prints and logs, with the id of the request whose run() wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.serving.scoring_process import ScoringProcess, free_environment
from zaffre.serving.output import Output
from zaffre.serving.request import Request

SCRIPT = """
    import json, logging, sys, traceback
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    print("imported")
    def init():
        print("init", "ran")
    def run(data):
        print("one", "line")
        print("two\\nlines", end="")
        print(" and more")
        logging.warning("logged")
        try:
            raise ValueError("inner")
        except ValueError:
            traceback.print_exc()
        sys.stdout.writelines(["a\\n", "b\\n"])
        print()
        return sys.stdout.encoding
"""


def test_each_line_of_a_call_has_its_request_id(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, "--request-ids") as service:
        assert service.score(1, headers={"x-request-id": "mine"}).json().lower() == "utf-8"
        lines = service.wait_for_log("[mine] b\n").splitlines()
    assert "imported" in lines
    assert "init ran" in lines
    assert lines[-20:].count("[mine] one line") == 1
    for line in ("[mine] two", "[mine] lines and more", "[mine] WARNING logged", "[mine] a", "[mine] b"):
        assert line in lines
    begin = lines.index("[mine] Traceback (most recent call last):")
    assert lines[begin + 1].startswith('[mine]   File "')
    assert "[mine] ValueError: inner" in lines[begin + 1 :]
    assert "" in lines  # what is empty stays so


def test_without_being_asked_lines_stay_as_they_are(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT) as service:
        service.score(1, headers={"x-request-id": "mine"})
        assert "[mine]" not in service.wait_for_log("\nb\n")


def test_lines_of_a_batch_name_the_first_request_and_how_many_more() -> None:
    class Stream:
        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> None:
            self.text += text

    class Calls:
        def __init__(self) -> None:
            self.requests: list[Request] = []

        def under_way(self) -> list[Request]:
            return self.requests

    stream, calls, heard = Stream(), Calls(), []
    output = Output(stream, "stdout", True, lambda name, line, of: heard.append((name, line, len(of))))  # type: ignore[arg-type]
    output.calls = calls
    calls.requests = [Request("POST", b"/score", [(b"x-request-id", name)], b"", True) for name in (b"r1", b"r2")]
    output.write("be")
    output.write("gun\nnext")
    calls.requests = []
    output.write(" ends\nplain\n")
    assert stream.text == "[r1 and 1 more] begun\n[r1 and 1 more] next ends\nplain\n"
    assert heard == [("stdout", "begun", 2), ("stdout", "next ends", 0), ("stdout", "plain", 0)]


def test_a_handler_of_the_scripts_own_keeps_working(tmp_path: Path) -> None:
    script = """
        import logging, sys
        def init():
            global log
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter('{"message": "%(message)s"}'))
            log = logging.getLogger("mine")
            log.addHandler(handler)
            log.setLevel("INFO")
        def run(data):
            log.info("scored")
            return 1
    """
    with ScoringProcess(tmp_path, script, "--request-ids") as service:
        service.score(1, headers={"x-request-id": "abc"})
        line = next(one for one in service.wait_for_log("scored").splitlines() if "scored" in one)
    mark, _, rest = line.partition(" ")
    assert (mark, json.loads(rest)) == ("[abc]", {"message": "scored"})


def test_nothing_of_a_collector_is_imported_where_there_is_none(tmp_path: Path) -> None:
    program = "import sys, zaffre.serving.command; print([m for m in ('http.client', 'ssl') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=free_environment(),
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "[]"
