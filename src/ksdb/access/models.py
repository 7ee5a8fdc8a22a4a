"""Tables of access: staff accounts, their dated grants, invitations, and counted attempts."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from ksdb.core.scope import Role


class StaffAccountManager(BaseUserManager["StaffAccount"]):
    """Finds accounts by sign-in name, as Django's authentication asks."""

    def get_by_natural_key(self, username: str | None) -> "StaffAccount":
        return self.get(username__iexact=username)


class StaffAccount(AbstractBaseUser):
    """A person who signs in to the staff pages. What the person may do is said by grants alone.

    `unit` is the office the person works in: acts of two persons ask for two units. A sealed account lies in an
    envelope for the day when nobody else can sign in; its use raises an alarm.
    """

    id = models.AutoField(primary_key=True)
    username = models.CharField(max_length=60, unique=True)
    full_name = models.CharField(max_length=120)
    unit = models.CharField(max_length=120, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_sealed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[StaffAccountManager] = StaffAccountManager()

    class Meta:
        db_table = "staff_account"

    def __str__(self) -> str:
        return self.full_name


class Grant(models.Model):
    """A role on a division and everything inside it, in `[valid_from, valid_to)`."""

    account = models.ForeignKey(StaffAccount, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "access_grant"


class Invitation(models.Model):
    """A link that lets its holder set the account's password, once. Only the hash of its token is kept."""

    account = models.ForeignKey(StaffAccount, models.CASCADE, related_name="invitations")
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_invitation"


class Attempt(models.Model):
    """How often something was tried under a limit, until when the count holds. The key is hashed: it may be a name."""

    key = models.BinaryField(max_length=16, primary_key=True)
    count = models.IntegerField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "access_attempt"


class KeyCheck(models.Model):
    """What proves that a key is the one this database was written with: a hash keyed with it, which tells nothing."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.BinaryField(max_length=16)

    class Meta:
        db_table = "key_check"
