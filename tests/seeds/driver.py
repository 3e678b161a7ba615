"""Run cells in one process as a notebook does: ``driver.py CELLS RESULTS``, both JSON lists.

A cell that raises does not end the others; its result carries the exception's class names and text.
"""

import contextlib
import io
import json
import sys
import traceback


def main(cells_file: str, results_file: str) -> None:
    with open(cells_file, encoding="utf-8") as file:
        cells = json.load(file)
    shared: dict[str, object] = {"__name__": "__main__"}
    results = []
    for number, code in enumerate(cells):
        output = io.StringIO()
        result: dict[str, object] = {"error": None, "kinds": [], "message": ""}
        with contextlib.redirect_stdout(output):
            try:
                exec(compile(code, f"cell-{number}", "exec"), shared)  # noqa: S102 - this is what a notebook does
            except Exception as error:
                result["error"] = traceback.format_exc()
                result["kinds"] = [cls.__name__ for cls in type(error).__mro__]
                result["message"] = getattr(error, "message", str(error))
        result["output"] = output.getvalue()
        results.append(result)
        with open(results_file, "w", encoding="utf-8") as file:
            json.dump(results, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
