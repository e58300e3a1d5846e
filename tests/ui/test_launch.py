"""The Launch page: candidates of a task, the catalogue, prompts, studies, several datasets, a spending cap."""

import pytest
from streamlit.testing.v1 import AppTest

from core.candidates import candidates_for
from core.data.dataset import Dataset
from core.home import Home
from core.runs import list_runs
from tests.ui.fixtures import of_task, questions
from tests.ui.test_pages import open_page, sound, words


@pytest.fixture
def asked(here: Home) -> Dataset:
    return questions(here, test=40)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def launch_label(app: AppTest) -> str:
    return next(button.label for button in app.button if button.label.startswith("Launch"))


@pytest.mark.parametrize("task", ["single_label", "multi_label", "token_labels", "intent_slots"])
def test_only_candidates_that_can_do_the_task_are_offered(here: Home, task: str) -> None:
    of_task(here, task)
    app = open_page("launch")
    sound(app)
    offered = {box.key.removeprefix("take.") for box in app.checkbox if (box.key or "").startswith("take.")}
    assert offered == {entry.id for entry in candidates_for(task)}
    assert "minilm-full" in offered


def test_a_model_of_the_catalogue_or_by_name_becomes_a_candidate(here: Home, asked: Dataset) -> None:
    app = press(open_page("launch"), "Add models")
    app.selectbox(key="extra.how").set_value("qlora").run()
    app.text_input(key="extra.model").set_value("llama-2").run()
    table = app.dataframe[0].value
    assert set(table["Model"]) == {f"meta-llama/Llama-2-{size}b-hf" for size in (7, 13, 70)}
    assert set(table["Gated"]) == {"yes"}
    assert dict(zip(table["Model"], table["Fits"], strict=True))["meta-llama/Llama-2-70b-hf"] == "✗ no"
    assert "will not fit" in " ".join(table["Why"])
    app.text_input(key="extra.model").set_value("someone/own-llama").run()
    press(app, "Add “someone/own-llama” by name")
    app.run()
    sound(app)
    assert app.checkbox(key="take.someone/own-llama-qlora").value is True


def test_a_gated_model_says_so_on_its_card(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    app.session_state["launch.extra"] = ["meta-llama/Llama-3.2-1B-lora"]
    app.run()
    assert "set HF_TOKEN" in words(app)


def test_the_prompt_is_shown_on_real_texts_and_its_words_can_be_edited(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    app.button(key="preview.smollm2-few-shot").click().run()
    assert any("Question" in block.value or "What about" in block.value for block in app.code)
    assert "tokens" in words(app)
    app.text_area(key="prompt.smollm2-few-shot").set_value("Sort this. {labels}").run()
    assert any(block.value.startswith("Sort this. ABBR") for block in app.code)
    press(app, "Use this instruction")
    app.run()
    assert app.text_area(key="set.smollm2-few-shot.instruction").value == "Sort this. {labels}"


def test_similar_examples_stand_in_the_prompt_that_is_shown(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    app.session_state["set.smollm2-few-shot.demonstrations"] = "similar"
    app.session_state["set.smollm2-few-shot.shots"] = 2
    app.run(timeout=120)
    app.button(key="preview.smollm2-few-shot").click().run(timeout=120)
    sound(app)
    shown = next(block.value for block in app.code if "Text: " in block.value)
    question = shown.rsplit("Text: ", 1)[1]
    alike = [part.split("\n")[0] for part in shown.split("Text: ")[1:-1]]
    assert len(alike) == 2
    assert all(one.split(" number ")[0] == question.split(" number ")[0] for one in alike)
    assert "All 2 examples fit" in words(app)
    assert "among 80 training texts" in words(app)
    assert "None of 80 training texts is longer" in words(app)


def test_what_a_fine_tuned_model_is_taught_is_shown_and_edited(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    app.button(key="preview.smollm2-lora").click().run()
    sound(app)
    prompt, answer = [block.value for block in app.code if not block.value.startswith("python")][:2]
    assert prompt.startswith("Classify the text.")
    assert prompt.endswith("\nLabel:")
    assert answer.strip() in asked.info.labels
    app.text_area(key="prompt.smollm2-lora").set_value("Sort this.").run()
    press(app, "Use this instruction")
    app.run()
    assert app.text_area(key="set.smollm2-lora.instruction").value == "Sort this."


def test_of_an_api_prompt_characters_and_an_estimate_are_told(
    here: Home, asked: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    app = open_page("launch")
    app.session_state["launch.extra"] = ["api:gpt-4o-mini-few-shot"]
    app.run()
    app.button(key="preview.api:gpt-4o-mini-few-shot").click().run()
    sound(app)
    shown = next(block.value for block in app.code if block.value.startswith("[system]"))
    assert shown.count("[assistant]") == 6
    assert "**about " in words(app)
    assert f"{len(shown):,}" in words(app)


def test_a_study_is_launched_whole_and_what_it_leaves_out_is_told(here: Home, asked: Dataset) -> None:
    app = open_page("launch", preset="study1-small")
    sound(app)
    assert "reconstruction" in words(app)
    assert "80 training texts: all of them" in words(app)
    assert launch_label(app).startswith("Launch 6 runs")
    assert "launch presets/study1-small.yaml --dataset questions --wait" in app.code[-1].value
    press(app, "Launch 6 runs")
    assert {folder.spec.candidate.id for folder in list_runs(here)} == {
        "minilm-full", "smollm2-zero-shot", "smollm2-few-shot", "smollm2-lora"
    }  # fmt: skip


def test_one_model_for_several_datasets(here: Home, asked: Dataset) -> None:
    questions(here, "other", test=40)
    app = open_page("launch", dataset="questions")
    app.multiselect(key="with.questions").set_value(["other"]).run()
    sound(app)
    assert app.checkbox(key="take.tfidf-linear").disabled
    assert "--with other" in app.code[-1].value
    press(app, "Launch")
    folders = list(list_runs(here))
    assert {folder.spec.dataset for folder in folders} == {"questions", "other"}
    assert all({ref.dataset for ref in folder.spec.joint} == {"questions", "other"} for folder in folders)


def test_spending_is_capped_where_a_provider_is_asked(
    here: Home, asked: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    app = open_page("launch")
    assert not [box for box in app.number_input if box.key == "cap"]
    app.session_state["launch.extra"] = ["api:gpt-4o-mini-zero-shot"]
    app.run()
    sound(app)
    app.number_input(key="cap").set_value(2.5).run()
    assert "--max-usd 2.5" in app.code[-1].value
