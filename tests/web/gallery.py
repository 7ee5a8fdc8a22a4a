"""Every part of the pages on two invented ones, for the tests to look at: a desk's and a resident's."""

from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.web.requires import open_to_all, requires

# Cards and people as counted in 2021 (a newspaper of 3 November 2021), and communes beside them.
DIVISIONS = [
    ("Phường Hương Vân", 5_989, 6_232, "good"),
    ("Phường Hương Vinh", 11_727, 14_400, "warning"),
    ("Xã Bình Tiến", 3_118, 5_672, "bad"),
    ("Xã Hương Toàn", 12_204, 12_391, "good"),
    ("Xã Hương Bình", 2_870, 2_913, "good"),
    ("Phường Tứ Hạ", 8_640, 9_105, "good"),
]
WORDS = {"good": "Đạt", "warning": "Cần đôn đốc", "bad": "Thấp"}


class FilterForm(forms.Form):
    name = forms.CharField(label="Tên phường, xã", required=False)
    level = forms.ChoiceField(label="Mức độ phủ", required=False, choices=[("", "Tất cả"), ("bad", "Dưới 80 %")])


class ResidentForm(forms.Form):
    family_book = forms.CharField(widget=forms.HiddenInput, initial="TTH-0042")
    name = forms.CharField(label="Họ và tên", help_text="Viết đủ dấu như trên giấy tờ, ví dụ Tôn Nữ Thị Ngọc Hạnh")
    born_on = forms.DateField(label="Ngày sinh", help_text="Ví dụ 27/3/1956", input_formats=["%d/%m/%Y"])
    division = forms.ChoiceField(label="Phường, xã", choices=[("1", "Phường Vĩnh Ninh"), ("2", "Phường Hương Vinh")])
    form = forms.ChoiceField(
        label="Dạng thẻ muốn nhận",
        widget=forms.RadioSelect,
        choices=[("electronic", "Thẻ điện tử trên điện thoại"), ("paper", "Thẻ giấy ép nhựa"), ("plastic", "Thẻ nhựa")],
    )
    needs = forms.MultipleChoiceField(
        label="Cần hỗ trợ",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("old", "Người cao tuổi, không có điện thoại thông minh"), ("away", "Đang đi làm xa")],
        help_text="Chọn tất cả các mục phù hợp",
    )
    photo = forms.FileField(label="Ảnh giấy tờ", required=False)
    note = forms.CharField(label="Ghi chú", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    agrees = forms.BooleanField(label="Tôi đồng ý cho xử lý dữ liệu cá nhân để phòng, chống dịch")


def _signed_in(request: HttpRequest) -> None:
    request.scope = Scope(actor_id=1, is_system=True)
    request.user = SimpleNamespace(is_authenticated=True, get_full_name="Nguyễn Thị Bình – Phường Hương Vinh")


def _page(request: HttpRequest, name: str, context: dict[str, object]) -> HttpResponse:
    text = (Path(__file__).parent / f"gallery_{name}.html").read_text("utf-8")
    return HttpResponse(engines["django"].from_string(text).render(context, request))


@open_to_all
def desk(request: HttpRequest) -> HttpResponse:
    _signed_in(request)
    messages.success(request, "Đã nhập 1.204 người từ tệp huong-vinh.xlsx, không có dòng lỗi.")
    messages.warning(request, "Số liệu dân số của Xã Bình Tiến cũ hơn 30 ngày.")
    rows = [
        SimpleNamespace(name=name, cards=cards, people=people, kind=kind, word=WORDS[kind])
        for name, cards, people, kind in DIVISIONS
    ]
    context = {
        "rows": rows,
        "filter_form": FilterForm(),
        "page": Paginator(range(2_350), 50).page(7),
        "figures": [
            {"label": "Thẻ đã kích hoạt", "value": "62.468", "note": "trên 65.256 người"},
            {"label": "Độ phủ", "value": "95,7 %"},
            {"label": "Chưa có thẻ", "value": "2.788", "note": "trong 1.031 hộ"},
            {"label": "Lượt quét hôm qua", "value": "41.902"},
        ],
        "summary": [
            {"label": "Đơn vị", "value": "Thị xã Hương Trà"},
            {"label": "Người phụ trách", "value": "Lê Văn Minh", "url": "#main"},
            {"label": "Dân số", "value": "65.256 người"},
        ],
        "crumbs": [{"label": "Thành phố Huế", "url": "/"}, {"label": "Thị xã Hương Trà"}],
    }
    return _page(request, "desk", context)


@open_to_all
def resident(request: HttpRequest) -> HttpResponse:
    form = ResidentForm({"family_book": "TTH-0042", "born_on": "30/2/1956"} if "errors" in request.GET else None)
    context = {
        "form": form,
        "title": "Đăng ký thẻ cho người trong hộ",
        "submit_label": "Gửi đăng ký",
        "cancel_url": "/",
    }
    return _page(request, "resident", context)


@open_to_all
def lost(request: HttpRequest) -> HttpResponse:
    raise NotFound


@requires(Permission.TRACING_CASE_READ)
def guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def _room(name: str, *views: str) -> object:
    return path(f"{name}/", include(([path(f"{v}/", desk, name=v) for v in views], name)))


urlpatterns = [
    path("", desk, name="home"),
    path("resident/", resident, name="resident"),
    path("lost/", lost, name="lost"),
    path("guarded/", guarded, name="guarded"),
    path("i18n/", include("django.conf.urls.i18n")),
    _room("access", "sign_in", "sign_out"),
    _room("coverage", "divisions"),
    _room("registry", "residents", "imports"),
    _room("cards", "batches"),
    _room("visits", "points"),
    _room("tracing", "cases"),
]
