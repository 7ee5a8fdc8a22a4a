"""Tests make some hundreds of accounts: scrypt takes its least factor in them, since it is slow on purpose.

What is shipped is noted before, for `tests/access/test_hashing.py`.
"""

from django.contrib.auth.hashers import ScryptPasswordHasher

SHIPPED_WORK_FACTOR = ScryptPasswordHasher.work_factor
ScryptPasswordHasher.work_factor = 2**4
