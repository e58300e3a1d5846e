"""Forms are drawn from the records: every method's settings appear, and untouched they are the record's defaults."""

import pytest
from pydantic import BaseModel, Field
from streamlit.testing.v1 import AppTest

from core.methods import METHODS
from ui.forms import bounds, help_text, step, title

LAUNCHED = [name for name, entry in METHODS.items() if entry.launched]


def drawn(method: str) -> AppTest:
    def script(method: str) -> None:
        import streamlit as st

        from core.methods import METHODS
        from ui.forms import settings_form

        kind = METHODS[method].settings
        values = settings_form(kind, kind().model_dump(), "form")
        st.session_state["record"] = kind(**values)

    return AppTest.from_function(script, kwargs={"method": method}).run()


@pytest.mark.parametrize("method", LAUNCHED)
def test_an_untouched_form_is_the_default_record(method: str) -> None:
    page = drawn(method)
    assert not page.exception
    assert page.session_state["record"] == METHODS[method].settings()


@pytest.mark.parametrize("method", LAUNCHED)
def test_every_field_has_a_widget_with_help(method: str) -> None:
    page = drawn(method)
    widgets = [
        *page.number_input,
        *page.toggle,
        *page.selectbox,
        *page.text_input,
        *page.text_area,
        *page.segmented_control,
    ]
    helps = {widget.key: widget.help for widget in widgets}
    fields = METHODS[method].settings.model_fields.items()
    assert set(helps) == {f"form.{name}" for name, field in fields if not field.json_schema_extra}
    assert all(helps.values())


def test_a_changed_widget_changes_the_record() -> None:
    page = drawn("encoder-full")
    page.number_input(key="form.epochs").set_value(5.0)
    page.toggle(key="form.class_weights").set_value(True)
    page.run()
    assert page.session_state["record"].epochs == 5
    assert page.session_state["record"].class_weights


class Odd(BaseModel):
    above: float = Field(1.0, gt=0, lt=2)
    whole: int = Field(3, gt=0, lt=10)
    maybe: int | None = Field(None, ge=1, description="Perhaps")


def test_open_bounds_are_moved_inside() -> None:
    fields = Odd.model_fields
    low, high = bounds(fields["above"], float)
    assert 0 < low < 1e-6
    assert 2 - 1e-6 < high < 2
    assert bounds(fields["whole"], int) == (1, 9)
    assert bounds(fields["maybe"], int) == (1, None)


def test_words() -> None:
    assert title("head_learning_rate_factor") == "Head learning rate factor"
    assert help_text(Odd.model_fields["maybe"], None).startswith("Perhaps.")
    assert step(float, 5e-5) == pytest.approx(1e-5)
    assert step(int, 3) == 1
    assert step(int, 200_000) == 10_000
