"""Pages of residents and of imports. Those of the desk are in `desk`."""

from collections.abc import Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission
from ksdb.registry import actions, queries
from ksdb.registry.correcting import SAMPLE_HEADING, sample_file
from ksdb.registry.forms import (
    MAX_UPLOAD_BYTES,
    ColumnsForm,
    ExportForm,
    ImportForm,
    LookForm,
    PurposeForm,
    ResidentSearchForm,
)
from ksdb.registry.headings import Column
from ksdb.registry.jobs import check_list, queue, run_import
from ksdb.registry.plans import stored_plan
from ksdb.registry.previews import stored_preview
from ksdb.registry.problems import Code, column_label, sentence
from ksdb.registry.purposes import PURPOSE_LABELS, purpose_in
from ksdb.registry.reporting import failure_of, statement_of
from ksdb.registry.searching import EndNeedsMore
from ksdb.web.exporting import TYPES
from ksdb.web.requires import ScopedRequest, requires, takes_upload

PAGE_ROWS = 50
XLSX = TYPES["xlsx"]
CASE_WRITE = Permission.TRACING_CASE_WRITE


@never_cache
@requires(Permission.REGISTRY_RESIDENT_READ)
def residents(request: ScopedRequest) -> HttpResponse:
    form = ResidentSearchForm(request.POST or None)
    found = None
    if form.is_valid():
        try:
            found = queries.residents_named(
                request.scope, form.search, form.purpose_named, form.cleaned_data["page"] or 1
            )
        except EndNeedsMore as error:
            form.add_error("name", gettext(error.sentence()))
        except NotFound:
            form.add_error("name", gettext("No card in your jurisdiction has this number. Compare it with the card."))
    context = {
        "form": form,
        "found": found,
        "purpose": form.purpose_named if found is not None else None,
        "can_export": request.scope.allows(Permission.REGISTRY_RESIDENT_EXPORT),
        "can_write": request.scope.allows(Permission.REGISTRY_RESIDENT_WRITE),
    }
    return render(request, "registry/residents.html", context)


@require_GET
@never_cache
@requires(Permission.REGISTRY_RESIDENT_READ)
def resident(request: ScopedRequest, resident_id: int) -> HttpResponse:
    purpose = purpose_in(request.GET.get("purpose"))
    queries.require_resident(request.scope, resident_id)
    counting = queries.counting_record(request.scope, resident_id)
    if counting != resident_id:
        asked = f"?purpose={purpose}" if purpose else ""
        return redirect(reverse("registry:resident", args=[counting]) + asked)
    if purpose is None:
        title = gettext("Open a resident's record")
        return render(request, "registry/purpose.html", {"form": PurposeForm(), "title": title})
    context = {
        "sheet": queries.resident_sheet(request.scope, resident_id, purpose),
        "purpose": purpose,
        "purpose_label": PURPOSE_LABELS[purpose],
        "cards_url": _address("cards:of_resident", resident_id),
        "other_records": [one for one in queries.identities_of(request.scope, [resident_id]) if one != resident_id],
        "merges_url": _address("duplicates:queue"),
        "can_write": request.scope.allows(Permission.REGISTRY_RESIDENT_WRITE),
        "case_url": _address("tracing:case_open", resident_id) if request.scope.allows(CASE_WRITE) else None,
    }
    return render(request, "registry/resident.html", context)


def _address(name: str, *arguments: int) -> str | None:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:  # the site may be built without the rooms that stand above this one
        return None


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.REGISTRY_RESIDENT_EXPORT)
def residents_export(request: ScopedRequest) -> HttpResponseBase:
    form = ExportForm(queries.divisions_for_export(request.scope), request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        asked = actions.Asked(said["purpose"], said["reason"], said["kind"])
        path = actions.export_residents(request.scope, said["division"], asked).path
        name = f"ksdb-{said['division']}{path.suffix}"
        kind = TYPES[path.suffix[1:]]
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)
    introduction = gettext(
        "Names, years of birth, households and addresses, without ID numbers and phones. Each person in the list is "
        "written to the audit trail with your name, the purpose and the reason. The file says at its end how many were "
        "found and how many are in it. Delete it when you have used it."
    )
    context = {
        "form": form,
        "title": gettext("Take out a list of residents"),
        "introduction": introduction,
        "submit_label": gettext("Take out the list"),
    }
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


@takes_upload(MAX_UPLOAD_BYTES)
@requires(Permission.REGISTRY_IMPORT_RUN)
def imports(request: ScopedRequest) -> HttpResponse:
    form = ImportForm(request.scope, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        source = actions.take_list(request.scope, form.cleaned_data["division"], file.name, file.chunks())
        if source.status == "draft" and not actions.needs_a_person(request.scope, source):
            return _check(request, source.pk)
        return redirect("registry:import_detail" if source.failure else "registry:import_columns", source.pk)
    listed = Paginator(queries.imports_in(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [(source, statement_of(source.status)) for source in listed]
    context = {"form": form, "page": listed, "rows": rows, "columns": SAMPLE_HEADING}
    return render(request, "registry/imports.html", context)


def _check(request: ScopedRequest, import_id: int, columns: Mapping[Column, int] | None = None) -> HttpResponse:
    actions.begin_check(request.scope, import_id, columns)
    queue(check_list, import_id, request.scope.actor_id, request.scope.actor_name)
    return redirect("registry:import_detail", import_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_columns(request: ScopedRequest, import_id: int) -> HttpResponse:
    source = queries.import_of(request.scope, import_id)
    if source.status not in {"draft", "checked"}:
        return redirect("registry:import_detail", import_id)
    look, plan = queries.look_of(request.scope, import_id), stored_plan(source.plan)
    is_csv = source.file_path.endswith(".csv")
    looks_again = request.method == "POST" and "look" in request.POST
    look_form = LookForm(look, request.POST if looks_again else None, is_csv=is_csv)
    if looks_again and look_form.is_valid():
        actions.look_again(request.scope, import_id, look_form.asked)
        return redirect("registry:import_columns", import_id)
    needed = queries.columns_needed(request.scope, source)
    data = request.POST if request.method == "POST" and not looks_again else None
    form = ColumnsForm(look, plan.columns, needed, data)
    if data is not None and form.is_valid():
        return _check(request, import_id, form.columns)
    context = {"source": source, "look": look, "look_form": look_form, "form": form, "is_csv": is_csv}
    return render(request, "registry/import_columns.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_start(request: ScopedRequest, import_id: int) -> HttpResponse:
    try:
        actions.begin_import(request.scope, import_id)
    except actions.ImportHasBegun as fault:
        messages.warning(request, gettext(fault.sentence()))
    else:
        queue(run_import, import_id, request.scope.actor_id, request.scope.actor_name)
    return redirect("registry:import_detail", import_id)


@require_POST
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_resume(request: ScopedRequest, import_id: int) -> HttpResponse:
    try:
        source = actions.resume_list(request.scope, import_id)
    except actions.ImportHasBegun as fault:
        messages.warning(request, gettext(fault.sentence()))
    else:
        job = check_list if source.status == "checking" else run_import
        queue(job, import_id, request.scope.actor_id, request.scope.actor_name)
    return redirect("registry:import_detail", import_id)


@require_POST
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_discard(request: ScopedRequest, import_id: int) -> HttpResponse:
    try:
        actions.discard_list(request.scope, import_id)
    except actions.ImportHasBegun as fault:
        messages.warning(request, gettext(fault.sentence()))
        return redirect("registry:import_detail", import_id)
    messages.success(request, gettext("The list was discarded. Nothing of it is in the registry."))
    return redirect("registry:imports")


@never_cache
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_detail(request: ScopedRequest, import_id: int) -> HttpResponse:
    source = queries.import_of(request.scope, import_id)
    if source.status == "draft":
        return redirect("registry:import_columns", import_id)
    if source.status == "checked":
        return _preview(request, import_id)
    context = {
        "source": source,
        "statement": statement_of(source.status),
        **_problems(request, import_id),
        "is_under_way": source.status in {"queued", "running", "checking"},
        "failure": failure_of(source),
        "can_resume": source.status == "failed" and source.failure in actions.BROKEN_OFF,
        "pairs_url": _address("duplicates:queue") if source.status == "done" else None,
        "can_discard": source.status == "failed" and not source.resume_row,
    }
    return render(request, "registry/import.html", context)


def _problems(request: ScopedRequest, import_id: int) -> dict[str, object]:
    """A page of what there is to say row by row."""
    listed = Paginator(queries.problems_of(request.scope, import_id), PAGE_ROWS).get_page(request.GET.get("page"))
    said = [(p, column_label(p.column), sentence(Code(p.code), p.other_row)) for p in listed]
    return {"page": listed, "problems": said}


def _preview(request: ScopedRequest, import_id: int) -> HttpResponse:
    source = queries.import_of(request.scope, import_id)
    preview, look = stored_preview(source.preview), queries.look_of(request.scope, source.pk)
    places = sorted(set(stored_plan(source.plan).columns.values()))
    sample = [
        (
            row,
            [row.cells[place] if place < len(row.cells) else "" for place in places],
            [(sentence(Code(p.code), p.other_row), column_label(p.column)) for p in row.problems],
        )
        for row in queries.sample_of(request.scope, source.pk)
    ]
    context = {
        "source": source,
        "statement": statement_of(source.status),
        "preview": preview,
        **_problems(request, import_id),
        "headings": [look.texts[place] for place in places],
        "sample": sample,
        "found": [(one, column_label(one.column), sentence(Code(one.code), "…")) for one in preview.found],
    }
    return render(request, "registry/import_preview.html", context)


@require_GET
@never_cache
@requires(Permission.REGISTRY_RESIDENT_EXPORT)
def import_rejected(request: ScopedRequest, import_id: int) -> HttpResponseBase:
    path = queries.rejected_file(request.scope, import_id)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"can-sua-{import_id}.xlsx", content_type=XLSX)


@require_GET
@requires(Permission.REGISTRY_IMPORT_RUN)
def import_sample(request: ScopedRequest) -> HttpResponse:
    divisions = queries.divisions_for_import(request.scope)
    commune = next((division.name for division in divisions if division.kind == "commune"), "Phường Hương Vân")
    headers = {"Content-Disposition": 'attachment; filename="danh-sach-mau.xlsx"'}
    return HttpResponse(sample_file(commune, "Tổ dân phố 1"), content_type=XLSX, headers=headers)
