"""A small data set in the layout of CIFAR-10's archive, and the origin that torchvision downloads it from."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy

ARCHIVE = "cifar-10-python.tar.gz"
_FOLDER = "cifar-10-batches-py"
_BATCHES = 5  # as many as the original has


class Origin:
    """A server with an archive of ``images`` images to train with: a colour for each of the ten classes, and noise."""

    def __init__(self, folder: Path, images: int) -> None:
        self._folder = folder
        self._sums: dict[str, str] = {}
        self.address = ""
        random = numpy.random.default_rng(0)
        colours = random.integers(40, 216, size=(10, 3))
        with tarfile.open(folder / ARCHIVE, "w:gz", compresslevel=1) as archive:
            for name, count in [
                *((f"data_batch_{n + 1}", images // _BATCHES) for n in range(_BATCHES)),
                ("test_batch", 10),
            ]:
                labels = random.integers(0, 10, size=count)
                plain = numpy.repeat(colours[labels], 32 * 32, axis=1)  # red, green, blue planes of 32 x 32
                noise = random.integers(-40, 40, size=(1, plain.shape[1]))
                data = (plain + noise).astype(numpy.uint8)
                self._add(archive, name, {"data": data, "labels": labels.tolist()})
            self._add(archive, "batches.meta", {"label_names": [f"class {number}" for number in range(10)]})
        self._sums[ARCHIVE] = hashlib.md5((folder / ARCHIVE).read_bytes()).hexdigest()  # noqa: S324 - torchvision's check

    def _add(self, archive: tarfile.TarFile, name: str, content: dict[str, Any]) -> None:
        data = pickle.dumps(content, protocol=2)
        entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
        self._sums[name] = hashlib.md5(data).hexdigest()  # noqa: S324 - torchvision's check

    @contextmanager
    def served(self) -> Iterator[None]:
        handler = partial(_Silent, directory=str(self._folder))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            self.address = f"http://127.0.0.1:{server.server_port}/{ARCHIVE}"
            try:
                yield
            finally:
                server.shutdown()
                thread.join()

    def module(self) -> str:
        """A module that tells torchvision where this archive is, and its checksums in the places of the original's."""
        batches = [[name, self._sums[name]] for name in (f"data_batch_{n + 1}" for n in range(_BATCHES))]
        meta = {"filename": "batches.meta", "key": "label_names", "md5": self._sums["batches.meta"]}
        return (
            "from torchvision.datasets import CIFAR10\n\n"
            f"CIFAR10.url = {self.address!r}\n"
            f"CIFAR10.tgz_md5 = {self._sums[ARCHIVE]!r}\n"
            f"CIFAR10.train_list = {json.dumps(batches)}\n"
            f"CIFAR10.test_list = {json.dumps([['test_batch', self._sums['test_batch']]])}\n"
            f"CIFAR10.meta = {json.dumps(meta)}\n"
        )


class _Silent(SimpleHTTPRequestHandler):
    def copyfile(self, source: Any, outputfile: Any) -> None:
        with suppress(ConnectionError):  # torchvision asks twice, and goes away from the first answer
            super().copyfile(source, outputfile)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not told on standard error."""
