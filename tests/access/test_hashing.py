"""What keeps passwords where the system is in use, not with the least factor that the other tests have."""

from django.contrib.auth.hashers import ScryptPasswordHasher, check_password, get_hasher, identify_hasher
from tests.conftest import PASSWORD
from tests.hashing import SHIPPED_WORK_FACTOR

from ksdb.access.models import StaffAccount


def test_passwords_are_kept_by_scrypt_that_takes_its_time() -> None:
    hasher = get_hasher()
    assert type(hasher) is ScryptPasswordHasher
    assert SHIPPED_WORK_FACTOR >= 2**14
    assert (hasher.block_size, hasher.parallelism) == (8, 5)


def test_and_a_password_that_was_kept_so_opens() -> None:
    kept = ScryptPasswordHasher().encode(PASSWORD, "một hạt muối", SHIPPED_WORK_FACTOR)
    assert check_password(PASSWORD, kept)
    assert not check_password(PASSWORD + "x", kept)


def test_accounts_of_tests_are_kept_by_scrypt_too(binh: StaffAccount) -> None:
    assert type(identify_hasher(binh.password)) is ScryptPasswordHasher
