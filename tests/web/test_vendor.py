"""Files others made are the files we listed."""

import hashlib
import tomllib
from pathlib import Path

import ksdb.web

STATIC = Path(ksdb.web.__file__).parent / "static" / "web"
FILES = tomllib.loads((STATIC / "vendor.lock").read_text("utf-8"))["file"]


def test_every_sum_is_the_listed_one() -> None:
    listed = {file["path"]: file["sha256"] for file in FILES}
    assert {path: hashlib.sha256((STATIC / path).read_bytes()).hexdigest() for path in listed} == listed


def test_no_vendored_file_is_unlisted() -> None:
    found = {path.relative_to(STATIC).as_posix() for path in (STATIC / "vendor").rglob("*") if path.is_file()}
    assert found | {"ksdb.css"} == {file["path"] for file in FILES}


def test_each_file_says_what_it_is() -> None:
    assert all(file["name"] and file["version"] and file["licence"] for file in FILES)
