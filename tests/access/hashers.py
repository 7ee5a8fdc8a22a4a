"""A quick password hasher that counts how often it was asked, for the tests that guess."""

from typing import ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher


class Counting(MD5PasswordHasher):
    algorithm = "counting"
    asked: ClassVar[int] = 0

    def verify(self, password: str, encoded: str) -> bool:
        Counting.asked += 1
        return super().verify(password, encoded)
