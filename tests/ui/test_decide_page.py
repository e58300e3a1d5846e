"""Decide: the three questions in the URL, the answer, its proof, and what to do next."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.decision import Question
from core.data.audit import audit
from core.data.dataset import Dataset
from core.home import Home
from tests.ui.fixtures import finished_run, of_task, questions
from tests.ui.test_pages import open_page, sound, words
from ui import data
from ui.decide.decision_chart import behind_the_best
from ui.decide.question_form import as_options

CANDIDATES = ("majority", "tfidf-linear", "minilm-full", "minilm-lora")


@pytest.fixture
def decided(here: Home) -> Dataset:
    dataset = questions(here, test=200)
    for name in CANDIDATES:
        finished_run(here, dataset, name)
    return dataset


def buttons(app: AppTest) -> set[str]:
    """The words on buttons that open something."""
    return {block.proto.popover.label for block in app.get("popover")}


def test_with_nothing_with_a_set_and_with_one_run(here: Home) -> None:
    app = open_page("decide")
    sound(app)
    assert app.button
    dataset = questions(here, test=40)
    app = open_page("decide")
    sound(app)
    assert "No finished run" in words(app)
    finished_run(here, dataset, "tfidf-linear")
    app = open_page("decide")
    sound(app)
    assert "run a second candidate" in words(app)


def test_the_answer_is_the_one_of_the_question_in_the_url(decided: Dataset) -> None:
    app = open_page("decide", rule="plausible", margin="0.02")
    sound(app)
    rows = data.rows_of(decided.info)
    found = data.decision_of(rows, Question(metric="accuracy", margin=0.02, rule="plausible"))
    assert found is not None
    assert found.reason in words(app)
    assert "How much difference matters: above 2 points" in buttons(app)
    app.selectbox(key="margin").set_value("0.1").run()
    sound(app)
    assert app.query_params["margin"] == "0.1"
    assert "--margin 0.1 --json" in app.code[-1].value


def test_limits_leave_candidates_out_and_say_why(decided: Dataset) -> None:
    app = open_page("decide", max_p95_ms="5", in_house="yes")
    sound(app)
    told = words(app)
    assert "minilm-full: its time for slow texts is" in told
    assert "Without the limit on time" in told
    assert app.number_input(key="max_p95_ms").value == 5
    assert "--max-p95-ms 5 --in-house" in app.code[-1].value
    app.number_input(key="max_p95_ms").set_value(0.00001).run()
    sound(app)
    assert "None of the 4 candidates keeps the limits" in words(app)


@pytest.mark.parametrize(
    "odd",
    [{"max_p95_ms": "a", "max_memory_gb": "-1", "max_usd_per_1k": "nan", "margin": "7", "rule": "hope"},
     {"metric": "f9", "cheap": "gold", "in_house": "maybe"}, {"volume": "x", "cheap": "total"}],
)  # fmt: skip
def test_odd_links_do_no_harm(decided: Dataset, odd: dict[str, str]) -> None:
    sound(open_page("decide", **odd))


def test_a_total_is_told_at_its_volume(decided: Dataset) -> None:
    app = open_page("decide", cheap="total", volume="5000000")
    sound(app)
    assert any("5,000,000 texts" in label for label in buttons(app))
    assert "--cheap total --volume 5e+06" in app.code[-1].value


def test_the_audit_tells_whether_doubtful_texts_decide(decided: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("decide")
    assert "have not been audited" in words(app)
    audit(decided)
    app = open_page("decide")
    sound(app)
    assert "test text" in words(app)
    monkeypatch.setattr("ui.decide.decide_parts.AT_ONCE", 100)
    app = open_page("decide")
    sound(app)
    assert "The audit doubts" not in words(app)
    assert "Without " not in words(app).replace("Without wrong labels", "")
    next(button for button in app.button if button.label == "Rank without them").click().run()
    sound(app)
    assert "test text" in words(app)


def test_next_steps_have_buttons_that_lead_there(decided: Dataset) -> None:
    app = open_page("decide")
    labels = [button.label for button in app.button]
    assert "Audit" in labels
    assert "Launch" in labels


@pytest.mark.parametrize("task", ["multi_label", "token_labels", "intent_slots"])
def test_every_task(here: Home, task: str) -> None:
    dataset = of_task(here, task)
    for name in CANDIDATES:
        finished_run(here, dataset, name)
    sound(open_page("decide"))


def test_the_proof_holds_every_candidate_and_says_so(decided: Dataset) -> None:
    rows = data.rows_of(decided.info)
    found = data.decision_of(rows)
    assert found is not None
    for dark in (False, True):
        chart = behind_the_best(found, rows, dark)
        names = {trace.customdata[0][0] for trace in chart.figure.data if trace.customdata is not None}
        far = {name for name, gap in found.differences.items() if gap.value > 0.2}
        assert names == set(CANDIDATES) - far
        assert all(name in chart.alt for name in CANDIDATES)


def test_the_command_of_a_plain_question_is_short() -> None:
    assert as_options(Question(metric="accuracy"), "accuracy") == ""
    assert as_options(Question(metric="mcc"), "accuracy") == " --metric mcc"


def test_the_page_is_listed() -> None:
    from ui.navigation import FOLDER, PAGES

    assert (Path(FOLDER) / "decide.py").exists()
    assert PAGES["decide"].section == "Decide"
