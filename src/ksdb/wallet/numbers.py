"""A holder's phone number, from as it lies sealed: in clear, and as the registry knows it."""

from ksdb.access.sealing import opened, sealer
from ksdb.registry.sealing import PHONE
from ksdb.wallet.asking import WALLET_PHONE


def number_of(phone_sealed: bytes) -> str:
    """The number in clear."""
    return opened(WALLET_PHONE, bytes(phone_sealed))


def registry_key(phone_sealed: bytes) -> bytes:
    """By which the registry finds the number: its keys are not the wallet's."""
    return sealer().match_key(PHONE, number_of(phone_sealed))
