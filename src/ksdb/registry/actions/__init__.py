"""Writes of the registry: lists are taken in and brought into the tables, people registered, corrected, taken out."""

from ksdb.registry.actions.exporting import Asked, export_residents
from ksdb.registry.actions.importing import ImportBroken, ImportIsRunning, check_list, resume_broken, run_import
from ksdb.registry.actions.keeping import Rotation, erase_lists, rotate_seal_key
from ksdb.registry.actions.lists import (
    BROKEN_OFF,
    ColumnsNeeded,
    FileKindUnknown,
    ImportHasBegun,
    begin_check,
    begin_import,
    discard_list,
    look_again,
    needs_a_person,
    resume_list,
    start_import,
    take_list,
)
from ksdb.registry.actions.people import (
    GuardianUnknown,
    NumberOfMerged,
    Person,
    PersonElsewhere,
    PersonKnown,
    correct_person,
    people_like,
    register_person,
)

__all__ = [
    "BROKEN_OFF",
    "Asked",
    "ColumnsNeeded",
    "FileKindUnknown",
    "GuardianUnknown",
    "ImportBroken",
    "ImportHasBegun",
    "ImportIsRunning",
    "NumberOfMerged",
    "Person",
    "PersonElsewhere",
    "PersonKnown",
    "Rotation",
    "begin_check",
    "begin_import",
    "check_list",
    "correct_person",
    "discard_list",
    "erase_lists",
    "export_residents",
    "look_again",
    "needs_a_person",
    "people_like",
    "register_person",
    "resume_broken",
    "resume_list",
    "rotate_seal_key",
    "run_import",
    "start_import",
    "take_list",
]
