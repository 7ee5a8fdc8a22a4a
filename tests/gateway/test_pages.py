"""The scanner's files at the gateway: what they are sent as, how long they are kept, and whose they are."""

import gzip
import hashlib
import json
import tomllib

import pytest
from tests.gateway.conftest import TestClient

from ksdb.config import Settings
from ksdb.gateway.pages import FOLDER, pages

FILES = tomllib.loads((FOLDER / "vendor.lock").read_text("utf-8"))["file"]
MOST_BYTES = 150_000


def test_every_vendored_sum_is_the_listed_one() -> None:
    listed = {file["path"]: file["sha256"] for file in FILES}
    found = {path.relative_to(FOLDER).as_posix() for path in (FOLDER / "vendor").iterdir()}
    assert found == set(listed)
    assert {path: hashlib.sha256((FOLDER / path).read_bytes()).hexdigest() for path in listed} == listed
    assert all(file["name"] and file["version"] and file["licence"] for file in FILES)


def test_the_engine_is_the_one_its_script_expects() -> None:
    """JS and wasm of two releases do not fit; the script names the sum of its own."""
    script, engine = (FOLDER / file["path"] for file in FILES)
    assert f"`{hashlib.sha256(engine.read_bytes()).hexdigest()}`" in script.read_text("utf-8")


def test_the_app_is_small_without_the_barcode_engine() -> None:
    ours = [page for name, page in pages().items() if not name.startswith("vendor/")]
    assert sum(len(page.packed or page.content) for page in ours) < MOST_BYTES


@pytest.mark.parametrize(
    ("name", "media_type", "kept"),
    [
        ("", "text/html; charset=utf-8", "no-cache"),
        ("app.js", "text/javascript; charset=utf-8", "no-cache"),
        ("manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("vendor/zxing-reader-3.1.4.wasm", "application/wasm", "public, max-age=31536000, immutable"),
    ],
)
def test_a_file_is_sent_as_what_it_is(door: TestClient, name: str, media_type: str, kept: str) -> None:
    answer = door.get(f"/scanner/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == kept
    assert "script-src 'self' 'wasm-unsafe-eval';" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    again = door.get(f"/scanner/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_packs_well_is_sent_packed(door: TestClient) -> None:
    whole = door.get("/scanner/words.js", headers={"accept-encoding": "identity"})
    packed = pages()["words.js"].packed
    assert packed is not None
    assert gzip.decompress(packed) == whole.content
    assert door.get("/scanner/words.js").headers["content-encoding"] == "gzip"


def test_the_worker_lists_every_file(door: TestClient) -> None:
    """A file that it leaves out would be missing without a network."""
    told = door.get("/scanner/sw.js").text.splitlines()[1]
    listed = set(json.loads(told.removeprefix("const FILES = ").removesuffix(";")))
    there = {f"/scanner/{name}" for name in pages()}
    assert listed == there - {"/scanner/sw.js", "/scanner/sw-sync.js"}


@pytest.mark.parametrize(
    "path", ["/scanner/none.js", "/scanner/../app.py", "/scanner/%2e%2e/app.py", "/scanner/vendor.lock"]
)
def test_nothing_else_is_there(door: TestClient, path: str) -> None:
    assert door.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/scanner"])
def test_the_bare_address_leads_to_the_app(door: TestClient, path: str) -> None:
    answer = door.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/scanner/")


def test_the_guides_are_at_the_other_door(door: TestClient) -> None:
    answer = door.get("/scanner/guides", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:8000/guides/")
    public = Settings(site_hosts="the.huecity.vn,www.huecity.vn", has_tls=True)
    assert public.guides_address == "https://the.huecity.vn/guides/"
