"""What was spent is summed by hand beside; what is unknown is counted, never taken for 0."""

import pytest

from core import files
from core.data.dataset import Dataset
from core.findings.results import pricing
from core.findings.spending import by, entries, total
from core.home import Home
from core.people import who
from core.preferences import Preferences
from core.runs import State
from tests.ui.fixtures import finished_run, questions, waiting_run


@pytest.fixture
def asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("TRADEOFF_USER", "  Ada\nLovelace ")
    return questions(home, test=20)


def test_sums_are_those_of_the_runs(home: Home, asked: Dataset) -> None:
    folders = [finished_run(home, asked, name) for name in ("tfidf-linear", "minilm-full")]
    price = pricing(Preferences())
    usages = [usage for folder in folders for usage in folder.usage.values()]
    found = entries(home, price)
    everything = total(found)
    assert everything.usd == pytest.approx(sum(price(usage, None).usd for usage in usages))  # type: ignore[misc]
    assert everything.kwh == pytest.approx(sum(usage.kwh for usage in usages))  # type: ignore[misc]
    assert everything.seconds == pytest.approx(sum(usage.wall_seconds for usage in usages))
    assert (everything.runs, everything.usd_unknown, everything.provenance) == (2, 0, "modelled")
    dearest = by(found, "candidate")
    assert [one.name for one in dearest] == ["minilm-full", "tfidf-linear"]
    assert sum(one.usd or 0 for one in dearest) == pytest.approx(everything.usd)


def test_months_persons_and_datasets(home: Home, asked: Dataset) -> None:
    early, late = finished_run(home, asked, "majority"), finished_run(home, asked, "tfidf-linear")
    state = files.read_json(early.path / "state.json")
    files.write_json(early.path / "state.json", {**state, "started_at": "2025-12-31T23:59:59+00:00", "launched_by": ""})
    found = entries(home, pricing(Preferences()))
    assert [one.name for one in by(found, "month")] == [late.state.started_at[:7], "2025-12"]  # type: ignore[index, union-attr]
    assert {one.name for one in by(found, "person")} == {"Ada Lovelace", "unknown"}
    assert [(one.name, one.runs) for one in by(found, "dataset")] == [("questions", 2)]


def test_states_of_runs_made_before_names_were_noted_are_read(home: Home, asked: Dataset) -> None:
    folder = finished_run(home, asked, "majority")
    state = files.read_json(folder.path / "state.json")
    assert state.pop("launched_by") == "Ada Lovelace"
    files.write_json(folder.path / "state.json", state)
    assert isinstance(folder.state, State)
    assert folder.state.launched_by == ""
    folder.set_state("finished", after=("finished",))
    assert folder.state.launched_by == "", "who runs it later did not launch it"


def test_unfinished_runs_count_with_what_they_used_and_untouched_ones_do_not(home: Home, asked: Dataset) -> None:
    done = finished_run(home, asked, "minilm-full")
    failed = waiting_run(home, asked, "minilm-lora", "failed")
    waiting_run(home, asked, "minilm-linear", "queued")
    fit = done.usage["fit"].model_dump(mode="json")
    for attempt in (1, 2):
        files.write_json(failed.path / "parts" / f"usage-fit-{attempt}.json", fit)
    (failed.path / "parts" / "usage-predict-1.json").write_text("{torn")
    price = pricing(Preferences())
    found = {one.candidate: one for one in entries(home, price)}
    assert set(found) == {"minilm-full", "minilm-lora"}
    assert found["minilm-lora"].usd == pytest.approx(2 * price(done.usage["fit"], None).usd)  # type: ignore[operator]


def test_unknown_figures_are_counted_beside_the_sum(home: Home, asked: Dataset) -> None:
    finished_run(home, asked, "tfidf-linear")
    blind = finished_run(home, asked, "minilm-full")
    content = files.read_json(blind.path / "usage.json")
    content["phases"]["fit"]["energy"]["cpu"]["kwh"] = None
    content["phases"]["fit"]["co2e_kg"] = None
    files.write_json(blind.path / "usage.json", content)
    everything = total(entries(home, pricing(Preferences())))
    assert (everything.kwh_unknown, everything.co2e_unknown, everything.usd_unknown) == (1, 1, 0)
    assert everything.kwh is not None
    nothing = total([])
    assert (nothing.runs, nothing.usd, nothing.kwh, nothing.provenance) == (0, None, None, "unknown")


def test_names_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEOFF_USER", "x" * 500)
    assert len(who()) == 80
    monkeypatch.setenv("TRADEOFF_USER", " ")
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert who() == "grace"

    def nameless() -> str:
        raise OSError("no username set in the environment")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert who() == ""
