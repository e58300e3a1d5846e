"""A run that answers a part, is set aside, and goes on: nothing twice, nothing lost, and the same end as in one go."""

import pyarrow.parquet as pq
import pytest

from core import launch
from core.data.dataset import Dataset
from core.execute import execute
from core.home import Home
from core.portion import ask_portion, asked_portion, first, portion_of, validated
from core.reconcile import open_runs, reconcile
from core.runs import RunFolder, create_run
from core.spec import Experiment, RunSpec


@pytest.fixture
def spec(home: Home, dataset: Dataset) -> RunSpec:
    experiment = Experiment(dataset=dataset.info.name, candidates=["tfidf-linear"])
    return launch.specs(home, experiment)[0]


def executed(home: Home, spec: RunSpec, portion: int | None) -> RunFolder:
    folder = RunFolder(home.runs / spec.run_id)
    ask_portion(folder, portion)
    create_run(home, spec)
    launch.queue_again(folder, "2026-01-01T00:00:00.000+00:00")
    execute(folder, home)
    return folder


def status(folder: RunFolder) -> str:
    assert folder.state
    return folder.state.status


def test_portions_hold_smaller_ones(dataset: Dataset) -> None:
    texts = dataset.examples("validation")
    smaller, larger = (set(first(texts, count)) for count in (3, 9))
    assert smaller < larger < set(texts)
    assert first(texts, 9) == [one for one in texts if one in larger]
    assert first(texts, None) == texts == first(texts, 10_000)


def test_a_portion_is_answered_and_set_aside(home: Home, spec: RunSpec) -> None:
    folder = executed(home, spec, 5)
    assert status(folder) == "paused"
    assert validated(folder) == 5
    assert pq.read_table(folder.path / "predictions.parquet")["split"].to_pylist() == ["validation"] * 5
    assert {score.split for score in folder.scores} == {"validation"}
    assert {"fit", "predict"} == set(folder.usage)
    assert not open_runs(home)
    assert not reconcile(home)


def test_it_goes_on_and_ends_as_in_one_go(home: Home, spec: RunSpec, dataset: Dataset) -> None:
    folder = executed(home, spec, 5)
    kept = (folder.path / "parts" / "predictions.jsonl").read_bytes()
    executed(home, spec, 9)
    assert status(folder) == "paused"
    assert validated(folder) == 9
    lines = (folder.path / "parts" / "predictions.jsonl").read_bytes()
    assert lines.startswith(kept)
    assert lines.count(b"\n") == 9
    launch.queue_again(folder, "2026-01-01T00:00:00.000+00:00")
    ask_portion(folder, None)
    execute(folder, home)
    assert status(folder) == "finished"
    rows = pq.read_table(folder.path / "predictions.parquet").to_pylist()
    assert len(rows) == sum(dataset.info.counts[split] for split in ("validation", "test"))
    assert folder.usage["predict"].texts == len(rows)
    assert folder.usage["predict"].attempts == 3

    alone = RunFolder(launch.delete(home, folder.run_id))
    again = executed(home, spec, None)
    same = pq.read_table(again.path / "predictions.parquet").to_pylist()
    assert [row["prediction"] for row in same] == [row["prediction"] for row in rows]
    assert again.scores == alone.scores


def test_a_small_model_is_chosen_on_the_portion_only(home: Home, spec: RunSpec) -> None:
    folder = executed(home, spec.model_copy(update={"train_size": 20}), 5)
    assert folder.notes["chosen_on"] == 5
    assert folder.usage["fit"].texts == 20
    assert "chosen_on" not in executed(home, spec, 5).notes


def test_a_paused_run_is_cancelled_deleted_and_retried(
    home: Home, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "ensure_worker", lambda home: None)
    folder = executed(home, spec, 5)
    assert status(launch.cancel(home, folder.run_id)) == "cancelled"
    launch.retry(home, folder.run_id)
    assert status(folder) == "queued"
    assert portion_of(folder) is None
    execute(folder, home)
    assert status(folder) == "finished"


def test_launching_it_lets_it_answer_all(home: Home, spec: RunSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ensure_worker", lambda home: None)
    folder = executed(home, spec, 5)
    launch.launch(home, Experiment(dataset=spec.dataset, candidates=["tfidf-linear"]))
    assert status(folder) == "queued"
    assert not asked_portion(folder)


def test_who_asks_for_more_while_it_runs_gets_it(home: Home, spec: RunSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import attempt

    folder = RunFolder(home.runs / spec.run_id)
    write = attempt.write_predictions

    def asked_meanwhile(*told: object) -> None:
        write(*told)  # type: ignore[arg-type]
        launch.whole(folder)

    monkeypatch.setattr(attempt, "write_predictions", asked_meanwhile)
    executed(home, spec, 5)
    assert status(folder) == "queued"
    execute(folder, home)
    assert status(folder) == "finished"


@pytest.mark.parametrize("content", ["", "[]", '{"validation": 0}', '{"validation": "many"}', "{}"])
def test_what_is_no_portion_means_all(home: Home, content: str) -> None:
    folder = RunFolder(home.runs / "some")
    folder.path.mkdir()
    (folder.path / "portion.json").write_text(content)
    assert portion_of(folder) is None
