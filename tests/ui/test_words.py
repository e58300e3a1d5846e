"""Small words and names: file names of uploads, sizes, Markdown in other people's texts, commands."""

import shlex

import pytest

from core.analysis.results import CandidateRow
from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.format import UNKNOWN
from core.runs import STATUSES
from ui import messages
from ui.candidate_table import standing
from ui.datasets.uploads import plain_name, shown_name, suffix
from ui.launch.candidate_picker import Choice
from ui.launch.estimates import in_words, rounded, total
from ui.launch.launching import command_line, experiment_of
from ui.metrics import metric_name, metric_quality, metric_show
from ui.navigation import FOLDER, PAGES
from ui.next_steps import next_steps
from ui.theme import FAMILIES, STATUS, faded, family_colour


@pytest.mark.parametrize(
    ("name", "ending"),
    [("../../evil.CSV", ".csv"), ("x.sh", ""), ("a.csv.gz", ".csv.gz"), ("noending", ""), ("a/b\\c.tsv", ".tsv"),
     ("", ""), ("a.csv\x00.sh", ""), (".csv", ".csv")],
)  # fmt: skip
def test_only_known_endings_of_an_upload_are_kept(name: str, ending: str) -> None:
    assert suffix(name) == ending


def test_names_of_uploads_are_no_paths() -> None:
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("C:\\texts\\a.csv") == "a.csv"
    assert shown_name("") == "upload"
    assert plain_name("my data (1).csv") == "my data 1"
    assert plain_name("…") == "texts"


def test_foreign_text_stays_literal_in_markdown() -> None:
    hostile = "a*b* [x](javascript:alert) `c` $d$ :material/home: <b> #1 | ~~e~~"
    shown = messages.plain(hostile)
    for sign in "*[]()`$:<>#|~.":
        assert shown.count(f"\\{sign}") == hostile.count(sign)
    assert shown.replace("\\", "") == hostile


def test_estimates_are_rounded_and_the_unknown_is_said() -> None:
    assert [rounded(seconds) for seconds in (0.2, 7.4, 64, 400, 9000)] == ["1 s", "7 s", "60 s", "7 min", "2.5 h"]
    assert in_words(400, 0.012, 0.01) == "about 7 min · 12 Wh · $0.010"
    assert in_words(None, None, None) == "time unknown · energy unknown · cost unknown"
    from core.estimating.estimate import Estimate

    sums = total([Estimate(seconds=1, kwh=1, basis=""), Estimate(seconds=2, basis="")])
    assert (sums.seconds, sums.kwh) == (3, None)


def test_metrics_in_words() -> None:
    assert metric_name("accuracy") == "Right answers"
    assert metric_quality("accuracy", 0.946, 0.926, 0.966) == "94.6 % ± 2.0"
    assert metric_quality("mcc", 0.9, 0.88, 0.94) == "0.90 ± 0.03"
    assert metric_show("mcc")(None) == metric_show("accuracy")(None) == UNKNOWN


def test_the_command_gives_the_same_experiment(dataset: Dataset) -> None:
    import cli
    from verbs.runs import asked_experiment

    changes = {"epochs": 5.0, "schedule": "cosine", "class_weights": True}
    taken = [
        Choice("majority", {}, resolve("majority"), True),
        Choice("minilm-full", changes, resolve("minilm-full", changes), True),
    ]
    line = command_line(dataset.info, taken, range(2), [None, 20], "auto")
    options = cli.parser().parse_args(shlex.split(line)[2:])
    assert asked_experiment(options) == experiment_of(dataset.info, taken, range(2), [None, 20], "auto")


def test_every_page_has_its_file_and_its_question() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == PAGES.keys()
    for entry in PAGES.values():
        assert (FOLDER / f"{entry.name}.py").exists(), entry.name
        assert entry.question.endswith("?")


def test_colours_of_families_differ_and_stand_out() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for dark, background in ((False, "#FDFDFC"), (True, "#14181D")):
        colours = [family_colour(family, dark) for family in FAMILIES]
        assert len(set(colours)) == len(FAMILIES)
        for colour in colours:
            light, deep = sorted((luminance(colour), luminance(background)), reverse=True)
            assert (light + 0.05) / (deep + 0.05) >= 3, (colour, dark)
    assert faded("#0072B2", 0.5) == "rgba(0,114,178,0.5)"


def test_states_are_told_apart_without_colour() -> None:
    assert (
        len({sign for sign, *_ in STATUS.values()}) == len({word for _, _, word, _ in STATUS.values()}) == len(STATUSES)
    )


def test_next_steps_start_with_what_went_wrong(dataset: Dataset) -> None:
    steps = next_steps(dataset.info, [], [], None, audit_findings=None)
    assert [step.page for step in steps] == ["datasets"]
    assert next_steps(dataset.info, [], [], None, audit_findings=0) == []


def test_standing_needs_a_decision() -> None:
    assert standing(CandidateRow.model_construct(candidate="a"), None) == ""


def test_an_error_is_told_in_three_parts() -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        from core.errors import TradeoffError
        from ui.messages import told

        with told():
            raise TradeoffError("The *file* is empty", "a.csv", "Choose another.")

    app = AppTest.from_function(script).run()
    said = app.error[0].value.replace("\\", "")
    assert "The *file* is empty" in said
    assert "Where: a.csv" in said
    assert "Choose another." in said
    assert messages.on_script_error(TradeoffError("x")) is True
