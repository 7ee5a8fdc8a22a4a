"""Proves that the keys of this machine are those the residents were sealed with, and then notes which they are."""

from cryptography.exceptions import InvalidTag
from django.db import connection

from ksdb.config import seal_key_name
from ksdb.core.seal import KeyReplaced, KeyVersionUnknown
from ksdb.postgres.named import sql
from ksdb.registry.sealing import ID_NUMBER, keys_here, known_checks, remember_keys, sealer_of_now


def prove_keys() -> None:
    """Raises KeyReplaced with the secret's name when a number of this database does not open or does not match.

    Residents are read only while a key is new to the database.
    """
    here = keys_here()
    seal = sealer_of_now()  # raises what the notes of the database already tell
    if set(here) <= set(known_checks()):
        return
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.registry", "sealed_sample"))
        rows = [(bytes(sealed), match and bytes(match)) for sealed, match in cursor.fetchall()]
    for sealed, match in rows:
        try:
            number = seal.open(ID_NUMBER, sealed)
        except (InvalidTag, KeyVersionUnknown) as error:
            raise KeyReplaced(seal_key_name(sealed[0])) from error
        if match is not None and seal.match_key(ID_NUMBER, number) != match:
            raise KeyReplaced("match_key")
    remember_keys()
