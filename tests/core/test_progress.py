"""How far a run is, told from real progress files: in words, with the time left, whatever the clock does."""

from datetime import UTC, datetime, timedelta

import pytest

from core import files
from core.data.dataset import Dataset
from core.home import Home
from core.progress import TAIL_BYTES, curves, queue_line, summary, tail
from core.runs import RunFolder
from tests.core.test_launch import queued


def events(first: int, last: int, begin: datetime, steps: int = 1000, phase: str = "fit") -> list[dict[str, object]]:
    """An event a second, ten steps each."""
    return [
        {"at": (begin + timedelta(seconds=second)).isoformat(timespec="milliseconds"), "phase": phase,
         "step": 10 * second, "steps": steps, "epoch": 3 * 10 * second / steps, "loss": 2.0 - second / 1000}
        for second in range(first, last + 1)
    ]  # fmt: skip


def write(folder: RunFolder, *blocks: list[dict[str, object]]) -> None:
    for block in blocks:
        files.append_jsonl(folder.path / "progress.jsonl", block)


@pytest.fixture
def folder(home: Home, dataset: Dataset) -> RunFolder:
    made = queued(home, dataset, candidate="minilm-full", epochs=3)
    assert (summary(made).status, summary(made).share, summary(made).line) == ("queued", 0.0, "waiting")
    made.set_state("running", started_at=files.now(), attempt=1)
    return made


START: dict[str, object] = {"phase": "prepare", "step": 0, "steps": 1, "message": "loading"}


def now(seconds: float = 0.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_it_is_told_in_words_with_the_time_left(folder: RunFolder) -> None:
    write(folder, [{"at": files.now(), **START}], events(1, 50, now(-50)))
    with folder.lock():
        found = summary(folder)
    assert (found.status, found.phase, found.done, found.total) == ("running", "fit", 500, 1000)
    assert found.line.startswith("fitting, epoch 2 of 3 · ")
    assert found.share == pytest.approx(0.02 + 0.68 / 2)
    # 50 s for half of the fit: as much again, and 0.30 / 0.68 of 100 s for what follows it.
    assert found.seconds_left == pytest.approx(50 + 100 * 0.30 / 0.68, abs=5)


def test_predicting_counts_texts_and_a_prompt_spends_its_time_there(home: Home, dataset: Dataset) -> None:
    trained, asked = queued(home, dataset, candidate="minilm-full"), queued(home, dataset, candidate="smollm2-few-shot")
    shares = []
    for folder in (trained, asked):
        folder.set_state("running")
        write(folder, [{"at": files.now(), "phase": "predict", "step": 1500, "steps": 3000, "texts": 1500}])
        with folder.lock():
            assert summary(folder).line == "answering, 1,500 of 3,000 texts"
            shares.append(summary(folder).share)
    assert shares == [pytest.approx(0.83), pytest.approx(0.495)]


def test_it_says_when_nobody_executes_it(folder: RunFolder) -> None:
    write(folder, events(1, 50, now(-50)))
    found = summary(folder)
    assert (found.status, found.seconds_left) == ("interrupted", None)
    assert found.share > 0.3
    folder.set_state("queued", "Interrupted: its process died; it resumes from where it was", interruptions=1)
    again = summary(folder)
    assert (again.status, again.share) == ("interrupted", found.share)
    assert again.line.startswith("Interrupted")
    folder.set_state("failed", "The run's process was killed")
    assert (summary(folder).status, summary(folder).line) == ("failed", "The run's process was killed")


@pytest.mark.parametrize("jump", [-86_400.0, -20.0, 86_400.0])
def test_a_clock_that_jumps_makes_no_nonsense(folder: RunFolder, jump: float) -> None:
    write(folder, [{"at": now(-60).isoformat(), **START}], events(1, 40, now(-60)))
    write(folder, events(41, 41, now(jump - 60)))
    with folder.lock():
        left = summary(folder).seconds_left
        assert left is None or left >= 0
        write(folder, events(42, 50, now(jump - 60)))
        found = summary(folder)
        assert found.done == 500
        assert found.seconds_left is not None
        # The rate is known again; how long ago the last event was is not, unless the clock went back.
        assert 0 <= found.seconds_left < 120


def test_only_the_last_attempt_counts(folder: RunFolder) -> None:
    write(folder, [{"at": now(-500).isoformat(), **START}], events(1, 90, now(-500)))
    write(folder, [{"at": now(-1).isoformat(), **START}])
    with folder.lock():
        assert (summary(folder).line, summary(folder).share) == ("loading", 0.0)


def test_slow_steps_have_a_time_left_too(folder: RunFolder) -> None:
    write(folder, [{"at": now(100 * place - 300).isoformat(), "phase": "fit", "step": place, "steps": 9}
                   for place in range(1, 4)])  # fmt: skip
    with folder.lock():
        left = summary(folder).seconds_left
    assert left == pytest.approx(600 + 900 * 0.30 / 0.68, abs=10)


def test_only_the_end_of_a_large_file_is_read(folder: RunFolder) -> None:
    write(folder, events(1, 20_000, now(-20_000), steps=200_000))
    with open(folder.path / "progress.jsonl", "a") as file:
        file.write('{"phase": "fit", "st')
    found = tail(folder.path / "progress.jsonl")
    assert found[-1]["step"] == 200_000
    assert len(found) < TAIL_BYTES / 50
    drawn = curves(folder, most=500)["loss"]
    assert len(drawn) == 500
    assert (drawn[0]["step"], drawn[-1]["step"]) == (10, 200_000)


def test_curves_tell_repeated_steps_once(folder: RunFolder) -> None:
    write(folder, events(1, 30, now()), [{"phase": "fit", "step": 300, "metric": "validation_accuracy", "value": 0.5}])
    write(folder, events(21, 40, now()), [{"phase": "predict", "step": 1, "loss": 9.9}])
    found = curves(folder)
    assert [event["step"] for event in found["loss"]] == [10 * place for place in range(1, 41)]
    assert [event["value"] for event in found["validation_accuracy"]] == [0.5]


def test_odd_events_do_no_harm(folder: RunFolder) -> None:
    path = folder.path / "progress.jsonl"
    path.write_text('[]\n7\nnull\n{"phase": "fit", "step": "many", "steps": null, "at": "yesterday"}\n{"phase": 3}\n')
    with folder.lock():
        assert summary(folder).share == 0
    assert curves(folder) == {}
    path.unlink()
    with folder.lock():
        assert summary(folder).line == "starting"


def test_the_queue_in_one_line(home: Home, dataset: Dataset) -> None:
    assert queue_line(home) == "Nothing is running"
    first, _, _ = (queued(home, dataset, seed, candidate="minilm-full", epochs=3) for seed in range(3))
    assert queue_line(home) == "3 waiting"
    first.set_state("running")
    write(first, events(1, 50, now(-50)))
    with first.lock():
        line = queue_line(home)
    assert line.startswith(f"{first.spec.candidate.label} 36 %, ")
    assert line.endswith(" left · 2 waiting")
