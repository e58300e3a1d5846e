"""Datasets, specs, run folders and files: what would hurt if it broke."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import files
from core.candidates import CANDIDATES, resolve
from core.data import dataset as datasets
from core.data.dataset import Dataset, leave_out, list_datasets, load_dataset, nested_sample, save_dataset, use_version
from core.errors import TradeoffError
from core.home import Home
from core.runs import create_run, delete_run, find_run, list_runs
from core.spec import RunSpec, slug
from tests.conftest import small_frame

ROOT = Path(__file__).parents[2]


def spec_of(dataset: Dataset, candidate: str = "majority", **changes: object) -> RunSpec:
    info = dataset.info
    return RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate), **changes
    )


def test_a_dataset_is_read_as_it_was_saved(home: Home, dataset: Dataset) -> None:
    assert load_dataset(home, "things").frame.equals(small_frame().loc[:, list(datasets.COLUMNS)].astype(str))
    assert dataset.info.labels == ["animal", "colour", "number"]
    assert sum(dataset.info.counts.values()) == 120


def test_the_same_content_is_the_same_version_and_an_edit_a_new_one(home: Home, dataset: Dataset) -> None:
    assert save_dataset(home, small_frame(), "things", "single_label").info.fingerprint == dataset.info.fingerprint
    edited = leave_out(home, dataset, ["animal-0", "animal-1"], "two left out")
    assert edited.info.fingerprint != dataset.info.fingerprint
    assert edited.info.parent == dataset.info.fingerprint
    assert edited.info.left_out == 2
    assert len(load_dataset(home, "things").frame) == 118
    assert len(datasets.versions(home, "things")) == 2
    assert use_version(home, "things", dataset.info.fingerprint).info == dataset.info
    assert [info.fingerprint for info in list_datasets(home)] == [dataset.info.fingerprint]


def test_any_changed_letter_changes_the_fingerprint() -> None:
    frame = small_frame().astype(str)
    before = datasets.fingerprint(frame, "single_label")
    for column in datasets.COLUMNS:
        changed = frame.copy()
        changed.loc[7, column] = changed.loc[7, column] + "x"
        assert datasets.fingerprint(changed, "single_label") != before
    assert datasets.fingerprint(frame, "multi_label") != before


def test_a_set_with_one_label_or_without_a_test_split_is_refused(home: Home) -> None:
    one = small_frame().assign(target="same")
    with pytest.raises(TradeoffError, match="fewer than two labels"):
        save_dataset(home, one, "one", "single_label")
    frame = small_frame()
    with pytest.raises(TradeoffError, match="test split has no examples"):
        save_dataset(home, frame[frame["split"] != "test"], "no test", "single_label")
    assert list_datasets(home) == []


def test_an_unknown_dataset_is_answered_with_the_nearest(home: Home, dataset: Dataset) -> None:
    with pytest.raises(TradeoffError, match='Did you mean "things"'):
        load_dataset(home, "thing")


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", "näme with ✓", "con", " "])
def test_no_name_leads_out_of_the_data_folder(home: Home, name: str) -> None:
    saved = save_dataset(home, small_frame(), name, "single_label")
    assert saved.folder.resolve().is_relative_to(home.datasets.resolve())
    assert "/" not in slug(name)
    assert load_dataset(home, name).info.name == name


def test_names_that_look_alike_on_disk_are_told_apart(home: Home) -> None:
    save_dataset(home, small_frame(seed=1), "a b", "single_label")
    save_dataset(home, small_frame(seed=2), "a-b", "single_label")
    assert {info.name for info in list_datasets(home)} == {"a b", "a-b"}


def test_samples_are_nested_stratified_and_seeded(dataset: Dataset) -> None:
    train = dataset.examples("train")
    sizes = [3, 10, 30, 60]
    samples = [nested_sample(train, size, seed=1) for size in sizes]
    for size, small, large in zip(sizes, samples, samples[1:], strict=False):
        assert len(small) == size
        assert {e.id for e in small} <= {e.id for e in large}
    assert {e.target for e in samples[0]} == {"animal", "colour", "number"}
    counts = [sum(e.target == label for e in samples[2]) for label in dataset.info.labels]
    assert max(counts) - min(counts) <= 1
    assert nested_sample(train, 30, seed=2) != samples[2]
    assert nested_sample(train, None, 0) == train


def test_the_same_spec_is_the_same_run_and_any_change_another(home: Home, dataset: Dataset) -> None:
    spec = spec_of(dataset, "minilm-full")
    assert create_run(home, spec).path == create_run(home, spec).path
    others = [
        spec_of(dataset, "minilm-full", seed=1), spec_of(dataset, "minilm-full", train_size=20),
        spec_of(dataset, "minilm-lora"), spec.model_copy(update={"device": "cuda"}),
        spec.model_copy(update={"candidate": resolve("minilm-full", {"epochs": 7})}),
        spec.model_copy(update={"fingerprint": "other"}),
    ]  # fmt: skip
    assert len({spec.run_id, *(other.run_id for other in others)}) == 7
    assert create_run(home, spec).spec == spec
    assert find_run(home, spec.run_id[:-3]).run_id == find_run(home, spec.run_id).run_id == spec.run_id


def test_a_whole_id_is_found_at_once_and_nothing_outside_is_a_run(home: Home, dataset: Dataset) -> None:
    spec = spec_of(dataset)
    folder = create_run(home, spec)
    longer = folder.path.rename(folder.path.with_name(f"{spec.run_id}0"))
    create_run(home, spec)
    assert find_run(home, spec.run_id).path == folder.path
    assert find_run(home, longer.name).path == longer
    for name in ("state.json", "spec.json"):
        (home.root / name).write_bytes((folder.path / name).read_bytes())
    for wrong in (
        "",
        ".",
        "..",
        "../runs/" + spec.run_id,
        f"{spec.run_id}/",
        str(folder.path),
        "a\0b",
        "\udc00",
        "x" * 999,
    ):
        with pytest.raises(TradeoffError):
            find_run(home, wrong)


def test_a_half_made_or_deleted_run_is_no_run(home: Home, dataset: Dataset) -> None:
    (home.runs / "half").mkdir()
    folder = create_run(home, spec_of(dataset))
    assert [f.run_id for f in list_runs(home)] == [folder.run_id]
    delete_run(folder)
    assert list(list_runs(home)) == []


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_every_candidate_resolves_to_all_its_settings(name: str) -> None:
    candidate = resolve(name)
    assert candidate.label == name
    assert resolve(name, candidate.settings) == candidate


def test_a_changed_setting_is_in_the_label() -> None:
    assert resolve("minilm-full", {"epochs": 5}).label == "minilm-full [epochs=5]"
    assert resolve("acme/encoder-large-full").model == "acme/encoder-large"
    for name, changes, message in (
        ("minilm-ful", {}, "Did you mean"), ("minilm-full", {"epoch": 1}, 'Did you mean "epochs"'),
        ("minilm-full", {"epochs": 0}, "greater than 0"), ("minilm-full", {"epochs": "many"}, "valid number"),
        ("nimilm-full", {}, 'Did you mean "minilm-full"'), ("-full", {}, "no candidate"),
    ):  # fmt: skip
        with pytest.raises(TradeoffError, match=message):
            resolve(name, changes)


def test_torn_lines_are_passed_over_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    files.append_jsonl(path, [{"a": 1}])
    with open(path, "a") as file:
        file.write('{"torn": ')
    files.append_jsonl(path, [{"a": 2}, {"a": 3}])
    assert list(files.read_jsonl(path)) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_kill_while_writing_leaves_the_old_or_the_new_content(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    code = (
        "import sys\nfrom pathlib import Path\nfrom core import files\ni = 0\n"
        "while True:\n    i += 1\n    files.write_json(Path(sys.argv[1]), {'n': i, 'pad': 'x' * 200_000})\n"
    )
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", code, str(target)], cwd=ROOT)
        while not target.exists():
            time.sleep(0.02)
        time.sleep(0.2)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert len(json.loads(target.read_text())["pad"]) == 200_000


def test_a_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom core import files\n"
        "with files.held(Path(sys.argv[1])) as got:\n    print(got, flush=True)\n    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(lock)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "True"
    assert files.is_held(lock)
    child.kill()
    child.wait()
    assert not files.is_held(lock)


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TradeoffError, match="Set TRADEOFF_HOME"):
        Home(tmp_path / "file" / "data").prepare()
