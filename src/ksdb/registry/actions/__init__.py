"""Writes of the registry: lists are taken in and brought into the tables; people are registered, corrected, taken out."""

from ksdb.registry.actions.exporting import Asked, export_residents
from ksdb.registry.actions.importing import ImportBroken, ImportIsRunning, check_list, resume_broken, run_import
from ksdb.registry.actions.keeping import Rotation, erase_lists, rotate_seal_key
from ksdb.registry.actions.lists import (
    ColumnsNeeded,
    FileKindUnknown,
    ImportHasBegun,
    begin_check,
    begin_import,
    discard_list,
    look_again,
    start_import,
    take_list,
)

__all__ = [
    "Asked",
    "ColumnsNeeded",
    "FileKindUnknown",
    "ImportBroken",
    "ImportHasBegun",
    "ImportIsRunning",
    "Rotation",
    "begin_check",
    "begin_import",
    "check_list",
    "discard_list",
    "erase_lists",
    "export_residents",
    "look_again",
    "resume_broken",
    "rotate_seal_key",
    "run_import",
    "start_import",
    "take_list",
]
