"""A file that was taken out, as an answer."""

from pathlib import Path

from django.http import FileResponse

from ksdb.web.exporting import TYPES


def as_file(path: Path, name: str) -> FileResponse:
    kind = TYPES[path.suffix[1:]]
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{name}{path.suffix}", content_type=kind)
