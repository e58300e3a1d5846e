"""SetFit: told when it is not installed; where it is, it learns, saves, loads and stops."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods import checked_settings, method_class
from core.methods.base import Cancelled, Context
from core.tasks import get_task
from tests.models import tiny_encoder

HERE = all(find_spec(name) for name in ("setfit", "sentence_transformers"))


def context(dataset: Dataset, folder: Path, **changes: object) -> Context:
    return Context(get_task("single_label"), dataset.info.labels, models=folder / "cache", **changes)  # type: ignore[arg-type]


def test_its_name_is_a_candidate() -> None:
    assert resolve("minilm-setfit").method == "setfit"
    assert resolve("someone/sentence-model-setfit", {"most_steps": 20}).changed == ("most_steps",)


@pytest.mark.skipif(HERE, reason="setfit is installed")
def test_an_absent_library_is_told_with_the_command(dataset: Dataset, tmp_path: Path) -> None:
    method = method_class("setfit")(checked_settings("setfit", {}, "setfit"), "minilm")
    with pytest.raises(TradeoffError, match=r"pip install -r requirements-optional\.txt"):
        method.fit(dataset.examples("train"), dataset.examples("validation"), context(dataset, tmp_path))


@pytest.mark.skipif(not HERE, reason="setfit is an optional install")
def test_it_learns_saves_and_predicts_the_same(dataset: Dataset, tmp_path: Path) -> None:
    settings = checked_settings("setfit", {"most_steps": 4, "batch_size": 4}, "setfit")
    model, where = str(tiny_encoder(tmp_path / "encoder")), context(dataset, tmp_path)
    method = method_class("setfit")(settings, model)
    method.fit(dataset.examples("train")[:30], dataset.examples("validation"), where)
    before = {one.id: one.target for one in method.predict(dataset.examples("test"), where)}
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    assert not [path for path in (tmp_path / "saved").rglob("*") if path.suffix in (".pkl", ".bin", ".pt", ".joblib")]
    loaded = method_class("setfit").load(tmp_path / "saved", where)
    assert {one.id: one.target for one in loaded.predict(dataset.examples("test"), where)} == before
    stopped = method_class("setfit")(settings, model)
    with pytest.raises(Cancelled):
        stopped.fit(dataset.examples("train")[:30], [], context(dataset, tmp_path, should_stop=lambda: True))
