"""What a browser takes home: outputs, folders, models, code."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Download, expect

from tests.e2e.browser import Studio, Workspace, until

MODEL = bytes(range(256)) * 40


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def test_an_output_is_previewed_and_downloaded(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    workspace.send(f"/runs/{run}/artifacts/outputs/scores.csv", b"class,f1\ncat,0.91\ndog,0.87\n")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", MODEL)
    studio.open(f"/runs/{run}?tab=files")
    studio.page.get_by_role("treeitem", name="scores.csv").click()
    expect(studio.page.get_by_role("cell", name="0.91")).to_be_visible()
    studio.page.get_by_role("treeitem", name="model.pkl").click()
    expect(studio.page.get_by_text("No preview")).to_be_visible()
    with studio.page.expect_download() as started:
        studio.page.get_by_role("link", name="Download", exact=True).click()
    assert started.value.suggested_filename == "model.pkl"
    assert content(started.value) == MODEL


def test_everything_of_a_run_is_downloaded_at_once(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    workspace.send(f"/runs/{run}/artifacts/outputs/a.txt", b"a")
    workspace.send(f"/runs/{run}/artifacts/outputs/deep/b.txt", b"b")
    studio.open(f"/runs/{run}")
    with studio.page.expect_download() as started:
        studio.page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(io.BytesIO(content(started.value))) as archive:
        assert {name for name in archive.namelist() if name.endswith(".txt")} == {"outputs/a.txt", "outputs/deep/b.txt"}


def test_an_image_is_shown(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    workspace.send(f"/runs/{run}/artifacts/outputs/dot.png", pixel)
    studio.open(f"/runs/{run}?tab=files&path=outputs/dot.png")
    image = studio.page.get_by_role("img", name="dot.png")
    expect(image).to_be_visible()
    until(lambda: image.evaluate("image => image.naturalWidth") == 1 or None)


def test_a_model_is_registered_from_a_run_and_downloaded(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run(display_name="maker")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", MODEL)
    studio.open(f"/runs/{run}")
    studio.page.get_by_role("button", name="Register model").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("digits")
    expect(dialog.get_by_role("combobox")).to_have_value("outputs/model.pkl")
    dialog.get_by_role("button", name="Register").click()
    expect(studio.page.locator("h1")).to_have_text("digits")
    expect(studio.page.get_by_role("link", name="maker")).to_be_visible()
    with studio.page.expect_download() as started:
        studio.page.get_by_role("link", name="Download", exact=True).click()
    with zipfile.ZipFile(io.BytesIO(content(started.value))) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == MODEL


def test_the_code_of_a_run_is_shown(workspace: Workspace, studio: Studio) -> None:
    source = b'import sys\n\nprint("hello")  # greets\n'
    digest = sha256(source).hexdigest()
    workspace.send(f"/snapshots/blobs/{digest}", source)
    files = [{"path": "train.py", "sha256": digest, "size": len(source)}]
    snapshot = workspace.call("POST", "/snapshots", {"files": files})["id"]
    run = workspace.run(snapshot_id=snapshot)
    studio.open(f"/runs/{run}?tab=code")
    expect(studio.page.get_by_role("region", name="train.py")).to_contain_text('print("hello")  # greets')
    with studio.page.expect_download() as started:
        studio.page.get_by_role("link", name="Zip").click()
    with zipfile.ZipFile(io.BytesIO(content(started.value))) as archive:
        assert archive.read("train.py") == source
