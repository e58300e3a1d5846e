"""Presets: each can be launched on any dataset; what its task does not allow is left out and told."""

from pathlib import Path

import pytest

from core.candidates import resolve
from core.catalogue import card
from core.data.dataset import Dataset, save_dataset
from core.errors import TradeoffError
from core.home import Home
from core.planning import left_out, specs
from core.presets import experiment_path, preset, presets
from core.published import published

NAMES = [found.name for found in presets()]


def test_every_study_ships_whole_and_small():
    assert set(NAMES) == {f"study{number}{size}" for number in (1, 2, 3) for size in ("", "-small")}
    for found in presets():
        assert "reconstruction" in found.description
        assert "arXiv" in found.description


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_of_a_preset_can_be_resolved_and_is_told_apart(name):
    experiment = preset(name, "any")
    assert experiment.lenient
    labels = [resolve(one.candidate, one.settings).label for one in experiment.wanted if not one.alone]
    alone = [resolve(one.candidate, one.settings).label for one in experiment.wanted if one.alone]
    assert len(set(labels)) == len(labels)
    assert len(set(alone)) == len(alone)
    for one in experiment.wanted:
        model = resolve(one.candidate).model
        assert card(model), f"{model} is not in the catalogue"
        if name.endswith("-small"):
            assert model in ("minilm", "smollm2")
    asks = any(one.candidate.startswith("api:") for one in experiment.wanted)
    assert (experiment.max_usd is not None) == asks, "what may cost money has a cap"


def test_the_studies_hold_the_models_whose_figures_they_published():
    told = {found.model for found in published() if "2308.10092" in found.source}
    assert told == {"RoBERTa", "Llama 2 13B", "Llama 2 70B", "GPT-3.5", "GPT-4"}
    named = " ".join(one.candidate for one in preset("study1", "any").wanted)
    for part in ("roberta-base", "roberta-large", "Llama-2-13b", "Llama-2-70b", "gpt-3.5", "gpt-4"):
        assert part in named


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("presets/study1-small.yaml", "study1-small.yaml"), ("study2", "study2.yaml"),
        ("presets/study3", "study3.yaml"), ("study1-small.yaml", "study1-small.yaml"),
    ],
)  # fmt: skip
def test_a_preset_is_found_from_any_folder(tmp_path, monkeypatch, given, found):
    monkeypatch.chdir(tmp_path)
    assert experiment_path(Path(given)).name == found
    assert experiment_path(Path(given)).is_file()


def test_a_file_of_ones_own_stands_above_a_preset_and_a_mistyped_preset_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "study1.yaml").write_text("candidates: [majority]")
    assert experiment_path(Path("presets/study1.yaml")).read_text() == "candidates: [majority]"
    with pytest.raises(TradeoffError, match=r'no preset "study1-smal".*study1-small'):
        experiment_path(Path("presets/study1-smal"))
    assert experiment_path(Path("my/grid.yaml")) == Path("my/grid.yaml")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-small")])
def test_a_small_preset_can_be_planned_on_a_dataset_smaller_than_its_train_size(
    home: Home, dataset: Dataset, name: str
):
    experiment = preset(name, dataset.info.name)
    runs = specs(home, experiment)
    assert {run.train_size for run in runs} == {None}
    assert any("training texts: all of them" in line for line in left_out(home, experiment))
    assert {run.candidate.id for run in runs} == {one.candidate for one in experiment.wanted}


def test_an_api_without_its_key_is_left_out_of_a_study_and_told(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    experiment = preset("study1", dataset.info.name)
    assert not [run for run in specs(home, experiment) if run.device == "api"]
    told = left_out(home, experiment)
    assert any("gpt-4-zero-shot" in line and "OPENAI_API_KEY" in line for line in told), told
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    assert len({run.candidate.label for run in specs(home, experiment) if run.device == "api"}) == 8


def test_a_study_on_several_datasets_fits_one_model_on_all_and_the_others_alone(home: Home, dataset: Dataset):
    frame = dataset.frame.assign(text=dataset.frame["text"] + "!")
    other = save_dataset(home, frame, "others", "single_label")
    experiment = preset("study1-small", dataset.info.name).model_copy(update={"with_datasets": [other.info.name]})
    runs = specs(home, experiment)
    together = [run for run in runs if run.joint]
    assert {run.candidate.id for run in together} == {"smollm2-lora"}
    assert {run.dataset for run in together} == {run.dataset for run in runs} == {"things", "others"}
    assert len(runs) == 2 * len(experiment.wanted)
