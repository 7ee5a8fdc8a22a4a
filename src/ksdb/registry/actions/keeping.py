"""What is kept of people is sealed anew under newer keys, and lists past their time are deleted."""

from collections.abc import Callable
from datetime import timedelta

import msgspec

from ksdb.audit.actions import record
from ksdb.audit.erasing import erase_files, files_before
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Scope
from ksdb.registry import rotating
from ksdb.registry.models import Import
from ksdb.registry.queries import imports_dir
from ksdb.registry.sealing import remember_keys, sealer_of_now


class Rotation(msgspec.Struct, frozen=True):
    """What came of a rotation: the version that seals now, values sealed anew, and versions nothing needs now."""

    newest: int
    resealed: int
    unneeded: tuple[int, ...]


def rotate_seal_key(
    scope: Scope, progress: Callable[[int, int], None] | None = None, *, makes_key: bool = True
) -> Rotation:
    """Makes a new seal key and seals everything that is sealed anew under it, in batches.

    Where values under an older key are left, no key is made: the rotation that was broken off is gone on with.
    Raises SealKeyNeeded when this machine cannot make the key.
    """
    if not scope.is_system:
        raise NotAllowed
    newest = max(settings().seal_keys())
    used, resealed = rotating.versions_in_use(), 0
    if makes_key and set(used) <= {newest}:
        newest = rotating.make_newest_key()
        record(scope, "registry:seal_key:make", detail={"version": newest})
    sealer_of_now()
    remember_keys()
    total = used.total() - used[newest]
    for count in rotating.seal_anew():
        resealed += count
        if progress:
            progress(resealed, max(total, resealed))
    used = rotating.versions_in_use()
    record(scope, "registry:seal_key:rotate", detail={"version": newest, "values": resealed})
    return Rotation(newest, resealed, tuple(sorted(set(settings().seal_keys()) - set(used) - {newest})))


def erase_lists(scope: Scope) -> int:
    """Deletes uploaded lists and correction files that are older than the setting says; returns how many."""
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    old = files_before(imports_dir(), now() - timedelta(days=settings().file_days))
    count = erase_files(scope, "registry:list:erase", old)
    Import.objects.filter(rejected_path__in=[path.name for path in old]).update(rejected_path="")
    return count
