"""The index: built from folders alone, the same rows however it came about, whole after a kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from core.analysis.span_errors import OUTCOMES, judge
from core.candidates import resolve
from core.data.dataset import Dataset, leave_out, save_dataset
from core.findings.results import dataset_runs
from core.home import Home
from core.metering.usage import Energy, Usage
from core.methods.base import Prediction
from core.prediction_log import write_predictions
from core.runs import create_run, delete_run, find_run
from core.spec import RunSpec
from core.tasks import get_task
from store import queries
from store.db import Index, open_index
from store.ingest import refresh
from store.migrations import MIGRATIONS, PUBLIC_TABLES, PUBLIC_VIEWS
from store.sandbox import run_sql
from tests.conftest import small_frame
from tests.core.tasks.cases import WORDS, case
from tests.ui.fixtures import finished_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def filled(home: Home, dataset: Dataset) -> Home:
    for seed, candidate in enumerate(("majority", "tfidf-linear", "minilm-full")):
        finished_run(home, dataset, candidate, seed=seed)
    return home


def rows(index: Index) -> dict[str, list[tuple]]:
    with index.lock:
        return {
            table: sorted(index.connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in (*PUBLIC_TABLES, "sources")
        }


def test_deleting_and_rebuilding_gives_the_same_rows(filled: Home) -> None:
    with open_index(filled) as index:
        assert refresh(index).read == 4
        before = rows(index)
        assert all(before[table] for table in PUBLIC_TABLES)
    shutil.rmtree(filled.index)
    with open_index(filled) as index:
        refresh(index)
        assert rows(index) == before


def test_a_refresh_is_idempotent_and_follows_every_change(filled: Home, dataset: Dataset) -> None:
    with open_index(filled) as index:
        refresh(index)
        before = rows(index)
        assert refresh(index) == type(refresh(index))(0, 0, 0)
        run = dataset_runs(filled, "things")[0].run_id
        find_run(filled, run).write_usage({}, {})
        assert refresh(index).read == 1
        assert len(rows(index)["usage"]) < len(before["usage"])
        delete_run(find_run(filled, run))
        assert refresh(index).gone == 1
        assert {row[0] for row in rows(index)["predictions"]} == {r.run_id for r in dataset_runs(filled, "things")}
        leave_out(filled, dataset, ["animal-0"], "one left out")
        save_dataset(filled, small_frame(), "twin", "single_label")
        refresh(index)
        known = queries.ask(index, "SELECT dataset, is_current FROM datasets ORDER BY ALL")
        assert known == [
            {"dataset": "things", "is_current": False}, {"dataset": "things", "is_current": True},
            {"dataset": "twin", "is_current": True},
        ]  # fmt: skip


def test_summaries_from_the_index_are_those_of_the_folders(filled: Home) -> None:
    with open_index(filled) as index:
        refresh(index)
        assert queries.run_summaries(index, "things") == dataset_runs(filled, "things")
        assert queries.run_summaries(index, "other") == []
        assert queries.status_counts(index) == {"finished": 3}


def test_half_written_folders_are_skipped_and_taken_up_later(filled: Home) -> None:
    run = find_run(filled, dataset_runs(filled, "things")[0].run_id)
    whole = (run.path / "scores.json").read_text()
    (run.path / "scores.json").write_text('{"scores": [{"metric": 1}]}')
    (filled.runs / "no-spec").mkdir()
    with open_index(filled) as index:
        assert refresh(index).skipped == 1
        (run.path / "scores.json").write_text(whole)
        assert refresh(index).read == 1
        assert len(queries.run_summaries(index)) == 3


def test_two_processes_over_one_folder_both_have_an_index(filled: Home) -> None:
    with open_index(filled) as first, open_index(filled) as second:
        assert not first.is_private
        assert second.is_private
        refresh(first)
        refresh(second)
        assert rows(first) == rows(second)
    assert not list(filled.index.glob("private-*"))


def test_a_damaged_index_is_built_anew(filled: Home) -> None:
    (filled.index / "tradeoff.duckdb").write_bytes(b"this is no database" * 1000)
    with open_index(filled) as index:
        assert refresh(index).read == 4
    with open_index(filled) as index:
        index.connection.execute("UPDATE schema_version SET version = 999")
    with open_index(filled) as index:
        assert refresh(index).read == 4


def test_a_kill_while_ingesting_leaves_a_whole_index(filled: Home) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom core.home import Home\nfrom store.db import open_index\n"
        "from store.ingest import refresh\nindex = open_index(Home(Path(sys.argv[1])))\nprint('open', flush=True)\n"
        "while True:\n    index.connection.execute('DELETE FROM sources')\n    refresh(index)\n"
        "    print('.', flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(filled.root)]
    with open_index(filled) as index:
        refresh(index)
        wanted = rows(index)
    for pause in (0.0, 0.03):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "open"
        child.stdout.readline()
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with open_index(filled) as index:
            refresh(index)
            assert rows(index) == wanted


def test_named_queries_answer(filled: Home, dataset: Dataset) -> None:
    with open_index(filled) as index:
        refresh(index)
        told = {(row["table"], row["column"]) for row in queries.schema(index)}
        assert {("runs", "run_id"), ("predictions", "correct"), ("usage", "kwh")} <= told
        assert [row["table"] for row in queries.tables(index)] == [*PUBLIC_TABLES, *PUBLIC_VIEWS]
        assert all(row["meaning"] for row in queries.tables(index))
        assert all(meaning(index, *place) for place in (("spans", "outcome"), ("scores", "is_primary")))
        assert queries.spent_by_month(index)[0]["runs"] == 3
        a, b = (run.run_id for run in dataset_runs(filled, "things")[:2])
        assert sum(queries.disagreements(index, a, b)[0].values()) == dataset.info.counts["test"]


def meaning(index: Index, table: str, column: str) -> str:
    return next(row["meaning"] for row in queries.schema(index) if (row["table"], row["column"]) == (table, column))


@pytest.mark.parametrize("task", ["token_labels", "intent_slots"])
def test_spans_are_judged_in_sql_as_in_python(home: Home, task: str) -> None:
    gold, found = case(task, 1, n=60, strange=True)
    frame = pd.DataFrame({"id": [f"e{i}" for i in range(60)], "text": [f"{i:05} " * len(WORDS) for i in range(60)],
                          "target": gold, "split": "test"})  # fmt: skip
    spare = frame.assign(id=frame["id"] + "t", split="train"), frame.assign(id=frame["id"] + "v", split="validation")
    dataset = save_dataset(home, pd.concat([frame, *spare]), "spans", task)
    answers = dict(zip(frame["id"], found, strict=True))
    by_split = {split: dataset.examples(split) for split in ("validation", "test")}
    done = {e.id: Prediction(e.id, answers.get(e.id, e.target)) for part in by_split.values() for e in part}
    folder = create_run(home, spec_of(dataset))
    write_predictions(folder.path / "predictions.parquet", by_split, done)
    folder.write_scores(get_task(task).score(gold, found, dataset.info.labels, "test"), dataset.info.labels)
    ranged = Energy(kwh=2.0, provenance="estimated", low_kwh=1.0, high_kwh=4.0)
    folder.write_usage({"predict": Usage(phase="predict", texts=9, energy={"api": ranged})}, {})
    folder.set_state("finished")
    with open_index(home) as index:
        refresh(index)
        assert queries.ask(index, "SELECT kwh_low, kwh_high FROM usage") == [{"kwh_low": 1.0, "kwh_high": 4.0}]
        query = "SELECT example_id, side, begins, ends, label, outcome, other_label FROM spans WHERE split = 'test'"
        told = run_sql(index, query).rows
        best = run_sql(index, "SELECT metric FROM scores WHERE is_primary").rows
    assert sorted(map(tuple, told)) == sorted(judged_rows(task, frame["id"], gold, found))
    assert {row[5] for row in told} == OUTCOMES.keys()
    assert best == [[get_task(task).primary_metric]]


def judged_rows(task: str, ids: Iterable[str], gold: list[str], found: list[str | None]) -> list[tuple]:
    rows, decode = [], get_task(task).decode
    for example, target, answer in zip(ids, gold, found, strict=True):
        due, given = judge(decode(target).spans, decode(answer).spans if answer else ())
        for side, judged in [("gold", one) for one in due] + [("predicted", one) for one in given]:
            span, other = judged.span, judged.other.label if judged.other else None
            rows.append((example, side, span.start, span.end, span.label, judged.outcome, other))
    return rows


def spec_of(dataset: Dataset) -> RunSpec:
    info = dataset.info
    return RunSpec(dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve("majority"))


def test_an_index_of_an_older_version_reads_the_folders_again(filled: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.db.MIGRATIONS", MIGRATIONS[:1])
    with open_index(filled) as index:
        index.connection.execute("INSERT INTO sources SELECT 'runs/' || unnest(?), 'read'", [os.listdir(filled.runs)])
    monkeypatch.undo()
    with open_index(filled) as index:
        assert refresh(index).read == 4
        assert queries.ask(index, "SELECT count(*) AS n FROM scores WHERE is_primary IS NULL") == [{"n": 0}]
