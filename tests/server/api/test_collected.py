"""Collected data over REST: the files of one service, also when it is gone, and who may ask."""

from __future__ import annotations

import io
import zipfile

from tests.server.permissions import Lab
from tests.server.rest import Rest


def folder(rest: Rest) -> str:
    return f"modeldata/00000000-0000-0000-0000-000000000000/local/{rest.ws}/digits"


def put(rest: Rest, path: str, *, store: str = "workspaceblobstore") -> None:
    rest.send(f"/datastores/{store}/files/{path}", b"PAR1")


def test_the_files_of_a_service_are_listed_and_counted(rest: Rest) -> None:
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/11/20/inputs-235959-00000001-5.parquet")
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/11/21/inputs-101112-00000002-7.parquet")
    put(
        rest, f"{folder(rest)}/tree/2/predictions/2026/11/21/08/p-081112-00000003-9.parquet", store="workspacefilestore"
    )
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/13/21/inputs-101112-00000004-7.parquet")  # no such month
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/11/21/notes.parquet")
    put(rest, f"{folder(rest)}-more/tree/1/inputs/2026/11/21/inputs-101112-00000005-7.parquet")

    found = rest.get("/services/digits/data")

    assert (found["file_count"], found["rows"], found["size"], found["enabled"]) == (3, 21, 12, None)
    assert (found["datastore"], found["path"]) == ("workspaceblobstore", folder(rest))
    assert [file["rows"] for file in found["files"]] == [9, 7, 5]
    assert found["last_written_at"] == found["files"][0]["written_at"]
    assert found["files"][0]["version"] == "2"
    assert found["files"][1]["began_at"] == 1795255872000
    only = rest.get("/services/digits/data", designation="inputs", until=1795255871999)
    assert [file["path"] for file in only["files"]] == [
        f"{folder(rest)}/tree/1/inputs/2026/11/20/inputs-235959-00000001-5.parquet"
    ]
    assert rest.get("/services/digits/data", model="other")["rows"] == 0
    assert rest.get("/services/digits/data", since=found["last_written_at"] + 1)["file_count"] == 0
    short = rest.get("/services/digits/data", limit=1)
    assert (len(short["files"]), short["rows"]) == (1, 21)


def test_all_of_it_is_one_archive(rest: Rest) -> None:
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/11/21/inputs-101112-00000002-7.parquet")
    put(rest, "notes.txt")

    answer = rest.raw("GET", "/services/digits/data.zip")

    assert answer.headers["content-disposition"].endswith("digits-data.zip")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert len(names) == 1
    assert names[0].endswith("inputs-101112-00000002-7.parquet")


def test_an_endpoint_has_what_its_versions_collected_also_deleted_ones(rest: Rest) -> None:
    for service, number in ((".stable", 1), (".canary", 2), ("more", 3), ("more.stable", 4)):
        put(rest, f"{folder(rest)}{service}/tree/1/inputs/2026/11/21/inputs-101112-0000000{number}-{number}.parquet")

    assert (rest.get("/services/digits/data")["file_count"], rest.get("/services/digits/data")["rows"]) == (2, 3)
    assert rest.get("/services/digits.canary/data")["rows"] == 2
    assert rest.get("/services/digitsmore/data")["rows"] == 7
    content = rest.raw("GET", "/services/digits/data.zip").content
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert sorted(name.split("/")[4] for name in names) == ["digits.canary", "digits.stable"]


def test_a_service_that_never_was_has_none(rest: Rest) -> None:
    for path in ("/services/nobody/data", "/services/nobody/data.zip", "/services/..%2f..%2fdigits/data"):
        status, _, sentence = rest.refused("GET", path)
        assert (status, "no" in sentence) == (404, True), path


def test_readers_may_read_it_and_nobody_else_without_a_token(rest: Rest) -> None:
    put(rest, f"{folder(rest)}/tree/1/inputs/2026/11/21/inputs-101112-00000002-7.parquet")
    reader = Lab(rest).user("reader").rest

    assert reader.get("/services/digits/data")["rows"] == 7
    assert reader.raw("GET", "/services/digits/data.zip").status_code == 200
    for path in ("/services/digits/data", "/services/digits/data.zip"):
        assert rest.as_(None).raw("GET", path).status_code == 401
