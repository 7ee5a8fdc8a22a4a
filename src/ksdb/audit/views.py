"""The auditor's page."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from ksdb.audit.queries import entries as entries_in
from ksdb.core.scope import Permission
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50


@requires(Permission.AUDIT_ENTRY_READ)
def entries(request: ScopedRequest) -> HttpResponse:
    page = Paginator(entries_in(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "audit/entries.html", {"page": page})
