"""The data that an endpoint collected: off, nothing yet, and files with their rows."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.e2e.browser import NARROW, Studio, Workspace, signed_in
from zaffre.core.parquet import columns, writer

PLACE = "modeldata/00000000-0000-0000-0000-000000000000/local"


def make_endpoint(workspace: Workspace, *, collects: bool) -> None:
    """The endpoint ``digits-service``, as if it ran."""
    snapshot = workspace.call("POST", "/snapshots", {"files": []})["id"]
    spec = {"entry_script": "score.py", "source_name": "service", "snapshot_id": snapshot, "environment": {}}
    body = {"spec": {**spec, "collect_model_data": collects}, "models": [], "overwrite": True}
    workspace.call("PUT", "/services/digits-service", body)
    report = {"revision": 1, "state": "running", "scoring_uri": "http://127.0.0.1:1/score"}
    workspace.call("POST", "/services/digits-service/report", report)


def put(workspace: Workspace, designation: str, number: int, rows: int) -> None:
    data = writer.table([columns.of_values("a", list(range(rows)))])
    folder = f"{PLACE}/{workspace.name}/digits-service/digits/3/{designation}/2026/11/21"
    workspace.send(
        f"/datastores/workspaceblobstore/files/{folder}/{designation}-101010-{number:08x}-{rows}.parquet", data
    )


def shot(studio: Studio, name: str) -> None:
    folder = os.environ.get("ZAFFRE_SHOTS")
    if folder:
        studio.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_where_it_is_off_the_page_says_how_to_switch_it_on(workspace: Workspace, studio: Studio) -> None:
    make_endpoint(workspace, collects=False)
    studio.open("/endpoints/digits-service?tab=data")
    main = studio.page.get_by_role("main")
    expect(main).to_contain_text("Data collection is off")
    expect(main).to_contain_text("collect_model_data=True")
    shot(studio, "off")
    make_endpoint(workspace, collects=True)
    studio.open("/endpoints/digits-service?tab=data")
    expect(main).to_contain_text("Nothing collected yet")
    assert studio.overflow() == 0


def test_files_are_counted_and_downloaded(workspace: Workspace, studio: Studio) -> None:
    make_endpoint(workspace, collects=True)
    put(workspace, "inputs", 1, 1200)
    put(workspace, "predictions", 2, 34)
    page = studio.page
    studio.open("/endpoints/digits-service")
    page.get_by_role("tab", name="Data").click()
    facts = page.get_by_role("region", name="Collected data")
    expect(facts).to_contain_text(re.compile(r"Rows\s*1,234.*Files\s*2", re.DOTALL))
    expect(facts).to_contain_text(f"{PLACE}/{workspace.name}/digits-service")
    table = page.get_by_role("table", name="Files of collected data")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table).to_contain_text("digits:3")
    with page.expect_download() as one:
        table.get_by_role("link", name=re.compile("^inputs-101010-")).click()
    assert Path(one.value.path()).read_bytes()[:4] == b"PAR1"
    with page.expect_download() as everything:
        facts.get_by_role("link", name="Download all").click()
    assert everything.value.suggested_filename == "digits-service-data.zip"
    expect(page.get_by_role("main")).to_contain_text("service.get_collected_data")
    shot(studio, "files")


def test_it_fits_a_narrow_window_in_the_dark(workspace: Workspace, browser: Browser) -> None:
    make_endpoint(workspace, collects=False)
    put(workspace, "inputs", 1, 12)
    with signed_in(browser, workspace, NARROW, color_scheme="dark") as studio:
        studio.open("/endpoints/digits-service?tab=data")
        expect(studio.page.get_by_role("main")).to_contain_text("Data collection is off now")
        assert studio.overflow() == 0
        shot(studio, "narrow")
