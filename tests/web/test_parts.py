"""Figures, tags, bars and fields as they come out."""

from datetime import timedelta

import pytest
from django.template import TemplateSyntaxError, engines
from django.utils import translation
from tests.web.gallery import ResidentForm

from ksdb.web.templatetags import ksdb


@pytest.mark.parametrize(("language", "figure", "share"), [("vi", "62.468", "95,7\u00a0%"), ("en", "62,468", "95.7%")])
def test_figures_follow_the_language(language: str, figure: str, share: str) -> None:
    with translation.override(language):
        assert ksdb.figure(62_468) == figure
        assert ksdb.share_of(62_468, 65_256) == share


def test_no_figure_is_a_dash() -> None:
    assert ksdb.figure(None) == ksdb.share_of(3, 0) == ksdb.share_of(None, 3) == ksdb.minutes(None) == "–"


def test_what_a_template_cannot_find_is_a_dash_too() -> None:
    page = engines["django"].from_string("{% load ksdb %}{{ x.y|figure }}{{ x.y|share_of:3 }}{{ x.y|minutes }}")
    assert page.render({"x": None}) == "–––"


@pytest.mark.parametrize(
    ("length", "vietnamese", "english"),
    [
        (59, "dưới 1 phút", "under a minute"),
        (60, "1 phút", "1 minute"),
        (5_105, "1 giờ 25 phút", "1 hour 25 minutes"),
        (timedelta(hours=2), "2 giờ", "2 hours"),
    ],
)
def test_minutes(length: float, vietnamese: str, english: str) -> None:
    with translation.override("vi"):
        assert ksdb.minutes(length) == vietnamese
    with translation.override("en"):
        assert ksdb.minutes(length) == english


def test_card_number_in_fours() -> None:
    assert ksdb.card_number("201453987612") == "2014 5398 7612"


def test_tag_escapes_its_text_and_knows_its_kinds() -> None:
    assert ksdb.tag("<b>", kind="good") == '<strong class="govuk-tag govuk-tag--good">&lt;b&gt;</strong>'
    with pytest.raises(TemplateSyntaxError):
        ksdb.tag("x", kind="green")


@pytest.mark.parametrize(("value", "width"), [(0, "0"), (50, "50.0"), (130, "100")])
def test_share_bar_is_read_aloud_and_stays_in_its_track(value: int, width: str) -> None:
    with translation.override("vi"):
        bar = ksdb.share_bar(value, 100)
    assert f'width="{width}"' in bar
    assert f'aria-label="{value} trên 100 ({value},0\u00a0%)"' in bar


def test_a_field_ties_its_label_hint_and_error_together() -> None:
    form = ResidentForm({"born_on": "30/2/1956"})
    html = form["born_on"].as_field_group()
    assert 'for="id_born_on"' in html
    assert 'aria-describedby="id_born_on_helptext id_born_on_error"' in html
    assert 'id="id_born_on_helptext"' in html
    assert 'id="id_born_on_error"' in html
    assert "govuk-input--error" in html


def test_choices_become_a_fieldset() -> None:
    form = ResidentForm({"needs": ["old"]})
    html = form["needs"].as_field_group()
    assert html.count('class="govuk-checkboxes__input"') == 2
    assert html.count(" checked") == 1
    assert "<legend" in html
    assert ksdb.first_id(form["needs"]) == "id_needs_0"
    assert ksdb.first_id(form["name"]) == "id_name"


def test_a_form_shows_each_field_once() -> None:
    html = str(ResidentForm())
    assert all(html.count(f'name="{name}"') >= 1 for name in ResidentForm.base_fields)
    assert html.count("TTH-0042") == 1
