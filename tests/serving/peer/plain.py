import json
import os
import sys


def init():
    pass


def run(raw_data, request_headers):
    if not raw_data:
        return ["nothing"]
    data = json.loads(raw_data)
    kind = data.get("do", "echo") if isinstance(data, dict) else "echo"
    if kind == "headers":
        return sorted(name for name in request_headers if name not in ("Connection", "Accept-Encoding"))
    if kind == "raise":
        raise ValueError("no")
    if kind == "exit":
        sys.exit(4)
    if kind == "bytes":
        return b"bytes"
    if kind == "set":
        return {1, 2}
    if kind == "none":
        return None
    if kind == "text":
        return json.dumps({"a": "ü"})
    if kind == "nan":
        return [float("nan"), float("inf")]
    if kind == "keys":
        return {1: "a", None: "b", False: "c"}
    if kind == "loop":
        loop = []
        loop.append(loop)
        return loop
    if kind == "numpy":
        import numpy

        return numpy.arange(3)
    if kind == "model-dir":
        return os.path.basename(os.environ["AZUREML_MODEL_DIR"])
    if kind == "sleep":
        import time

        time.sleep(30)
    return data
