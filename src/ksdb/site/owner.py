"""Django's settings for commands on the machine itself: those of the pages, but as the owner of the tables."""

from ksdb.config import settings
from ksdb.site.settings import *  # noqa: F403
from ksdb.site.settings import database

DATABASES = {"default": database(settings().database_url)}
