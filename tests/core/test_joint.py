"""One model on two datasets: two runs, one fit, its cost told apart."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.data.dataset import Dataset, save_dataset
from core.errors import TradeoffError
from core.execute import execute
from core.home import Home
from core.launch import launch, specs
from core.metering.attribution import scaled
from core.metering.usage import Energy, TokenCount, Usage
from core.predictor import Predictor
from core.runs import create_run
from core.spec import Experiment
from core.tasks import Span, Target, get_task
from tests.conftest import small_frame
from tests.models import tiny_encoder


@pytest.fixture
def entities(home: Home, dataset: Dataset) -> Dataset:
    """The same texts with the word after the last `the` as a span, under another name."""
    frame, encode = small_frame(), get_task("token_labels").encode
    frame["target"] = [
        encode(Target.of(spans=[Span(text.rindex("the ") + 4, text.rindex(" number"), target)]))
        for text, target in zip(frame["text"], frame["target"], strict=True)
    ]
    return save_dataset(home, frame, "spotted", "token_labels")


def grid(model: str, **more: object) -> Experiment:
    return Experiment(
        dataset="things", with_datasets=["spotted"], candidates=[f"{model}-full"],
        settings={f"{model}-full": {"epochs": 1, "precision": "fp32", "learning_rate": 1e-3}}, **more,
    )  # fmt: skip


@pytest.mark.usefixtures("entities")
def test_two_runs_share_one_fit(home: Home, tmp_path: Path) -> None:
    model = str(tiny_encoder(tmp_path / "encoder"))
    first, second = (create_run(home, spec) for spec in specs(home, grid(model)))
    execute(first, home)
    assert first.state
    assert first.state.status == "finished", first.state
    execute(second, home)
    assert second.state
    assert second.state.status == "finished", second.state
    assert "fit" not in {event["phase"] for event in second.progress()}
    a, b = first.usage["fit"], second.usage["fit"]
    shares = [run.notes["joint_fit"]["share"] for run in (first, second)]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert a.wall_seconds / b.wall_seconds == pytest.approx(shares[0] / shares[1], rel=1e-2)
    for run, metric in ((first, "accuracy"), (second, "f1")):
        assert metric in {score.metric for score in run.scores}
        assert set(pq.read_table(run.path / "predictions.parquet")["split"].to_pylist()) == {"validation", "test"}
    assert first.spec.label.endswith("(with spotted)")
    with Predictor(home) as predictor:
        answers = [predictor.predict(run.run_id, ["the cat and the dog"])[0] for run in (first, second)]
    assert answers[0]["prediction"] in ("animal", "colour", "number")
    assert isinstance(get_task("token_labels").decode(answers[1]["prediction"]).spans, tuple)


@pytest.mark.usefixtures("entities")
def test_what_cannot_be_fitted_together_is_told(home: Home) -> None:
    with pytest.raises(TradeoffError, match="cannot"):
        launch(home, Experiment(dataset="things", with_datasets=["spotted"], candidates=["majority"]))
    assert not list(home.runs.iterdir())


def test_a_share_scales_what_adds_up_and_leaves_peaks() -> None:
    whole = Usage(
        phase="fit", texts=100, wall_seconds=50, cpu_seconds=80, device_seconds=50, tokens=TokenCount(input=1000),
        peak_ram_bytes=7, energy={"cpu": Energy(kwh=0.5, provenance="measured", low_kwh=0.4)}, co2e_kg=0.2,
    )  # fmt: skip
    half = scaled(whole, 0.5)
    assert (half.texts, half.wall_seconds, half.tokens.input, half.peak_ram_bytes) == (50, 25, 500, 7)
    assert half.energy["cpu"] == Energy(kwh=0.25, provenance="measured", low_kwh=0.2)
    assert half.co2e_kg == pytest.approx(0.1)
