"""What a visitor does with sets of every task: import, look, derive, read mistakes."""

import json

from streamlit.testing.v1 import AppTest

from core.data.dataset import list_datasets, load_dataset
from core.home import Home
from core.tasks import Span, get_task
from tests.ui.fixtures import finished_run, of_task
from tests.ui.test_flows import press
from tests.ui.test_pages import open_page, sound, words

CONLL = "".join(
    f"Fly{i}\tO\nto\tO\nSão\tB-city\nPaulo\tI-city\n<b>\tO\n\nin\tO\nJune{i}\tB-month\n\n" for i in range(40)
)


def upload(name: str, content: str) -> AppTest:
    app = open_page("datasets")
    app.file_uploader(key="upload.train").set_value((name, content.encode(), "text/plain")).run()
    sound(app)
    return app


def html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def test_conll_is_recognised_shown_highlighted_and_imported(here: Home) -> None:
    app = upload("trips.conll", CONLL)
    assert "Entities in a text" in str(app.get("button_group")[-1].options)
    assert ">São Paulo</bdi>" in html(app)
    assert "&lt;b&gt;" in html(app)
    press(app, "Import")
    (info,) = list_datasets(here)
    assert (info.task, info.labels, sum(info.counts.values())) == ("token_labels", ["city", "month"], 80)


def test_intents_with_slots_are_imported_and_their_parts_derived(here: Home) -> None:
    rows = [{"text": f"fly {i} to Rome", "tokens": ["fly", str(i), "to", "Rome"], "slots": ["O", "O", "O", "B-city"],
             "intent": ["go", "stay"][i % 2]} for i in range(60)]  # fmt: skip
    app = upload("trips.jsonl", "\n".join(map(json.dumps, rows)))
    press(app, "Import")
    (info,) = list_datasets(here)
    assert (info.task, info.labels) == ("intent_slots", ["intent:go", "intent:stay", "slot:city"])
    app = open_page("datasets")
    assert "2 intents and 1 slot label" in words(app)
    press(app, "Intents only")
    assert load_dataset(here, "trips-intent").info.labels == ["go", "stay"]
    app = open_page("datasets", dataset="trips")
    press(app, "Slots only")
    slots = load_dataset(here, "trips-slots")
    assert slots.info.task == "token_labels"
    assert slots.examples("test")[0].id == load_dataset(here, "trips").examples("test")[0].id


def test_several_labels_in_a_cell_and_the_separator_can_be_told(here: Home) -> None:
    lines = [f"text {i},{['a/b', 'b', 'a/c', 'c'][i % 4]}" for i in range(60)]
    app = upload("many.csv", "text,label\n" + "\n".join(lines))
    (choice,) = [group for group in app.get("button_group") if "Several labels" in str(group.options)]
    choice.set_value("multi_label").run()
    sound(app)
    app.text_input[-1].set_value("many").run()
    boxes = {box.label: box for box in app.selectbox}
    assert "Between labels stands" in boxes
    press(app, "Import")
    (info,) = list_datasets(here)
    assert info.task == "multi_label"


def test_an_unfit_task_is_told_and_cannot_be_imported(here: Home) -> None:
    app = upload("plain.csv", "text,label\n" + "\n".join(f"text {i},{'ab'[i % 2]}" for i in range(60)))
    (choice,) = [group for group in app.get("button_group") if "Several labels" in str(group.options)]
    choice.set_value("intent_slots").run()
    sound(app)
    assert next(button for button in app.button if button.label == "Import").disabled
    assert app.warning


def test_texts_are_filtered_by_what_they_hold(here: Home) -> None:
    of_task(here, "intent_slots", "trips")
    app = open_page("datasets", dataset="trips")
    app.selectbox(key="texts.label").set_value("meal")
    app.selectbox(key="texts.span").set_value("none at all").run()
    sound(app)
    assert "Is there a meal on the way (" in html(app)
    assert "<mark" not in html(app)


def test_mistakes_can_be_narrowed_down(here: Home) -> None:
    dataset = of_task(here, "token_labels", "places")
    finished_run(here, dataset, "smollm2-few-shot")
    app = open_page("results", dataset="places")
    sound(app)
    assert "entities exactly (F1" in words(app)
    assert "1 of 60 answers could not be read and count as wrong" in words(app)
    app.selectbox(key="mistakes.outcome").set_value("missed").run()
    app.selectbox(key="mistakes.label").set_value("city").run()
    sound(app)
    assert "city · missed" in html(app)
    app.text_input(key="mistakes.find").set_value("no such text").run()
    assert "No text is like that" in words(app)


def test_labels_forgotten_and_added_are_told(here: Home) -> None:
    dataset = of_task(here, "multi_label", "news")
    finished_run(here, dataset, "smollm2-zero-shot")
    app = open_page("results", dataset="news")
    sound(app)
    assert "gave exactly the right labels to" in words(app)
    app.selectbox(key="mistakes.kind").set_value("labels forgotten").run()
    sound(app)
    assert "· forgotten" in html(app)


def test_downloads_hold_plain_words(here: Home) -> None:
    from ui.datasets.dataset_report import shown_rows

    dataset = of_task(here, "token_labels", "places", test=20)
    row = next(row for row in shown_rows(dataset.info) if "city" in row["target"])
    assert "[city]" in row["target in words"]
    spans = get_task("token_labels").decode(row["target"]).spans
    assert all(isinstance(span, Span) for span in spans)
