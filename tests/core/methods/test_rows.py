"""Training the used rows of a table alone makes it what training all of it makes it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from core.data.dataset import Dataset
from core.methods import encoder as encoder_module
from core.methods.base import Cancelled, Context
from core.methods.encoder import Encoder
from core.methods.rows import UsedRows, restore_rows, train_used_rows
from core.methods.settings import EncoderSettings
from core.tasks import get_task
from tests.models import tiny_decoder, tiny_encoder

TABLE = "bert.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("model")))


def fitted(model: str, dataset: Dataset, checkpoints: Path | None = None, **more: Any) -> Encoder:
    settings = EncoderSettings(
        epochs=3, precision="fp32", learning_rate=3e-3, weight_decay=0.5, patience=0, max_grad_norm=0.2, dropout=0
    )
    method = Encoder(settings, model)
    where = Context(get_task("single_label"), dataset.info.labels, checkpoints=checkpoints, **more)
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    return method


def test_all_weights_are_those_of_training_the_whole_table(
    model: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[UsedRows] = []

    def noticed(*given: Any) -> UsedRows | None:
        rows = train_used_rows(*given)
        made.extend([rows] if rows is not None else [])
        return rows

    monkeypatch.setattr(encoder_module, "train_used_rows", noticed)
    found = fitted(model, dataset).network.encoder.state_dict()  # type: ignore[union-attr]
    monkeypatch.setattr(encoder_module, "train_used_rows", lambda *_: None)
    wanted = fitted(model, dataset).network.encoder.state_dict()  # type: ignore[union-attr]
    (rows,) = made
    assert 5 < len(rows.weight) < 0.7 * len(wanted[TABLE])
    assert rows.faded < 0.999
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=2e-5, msg=name)


def test_a_stopped_training_goes_on_as_if_it_had_not_been(model: str, dataset: Dataset, tmp_path: Path) -> None:
    wanted = fitted(model, dataset).network.encoder.state_dict()  # type: ignore[union-attr]
    steps: list[int] = []
    halt = {"report": lambda event: steps.append(event["step"]), "should_stop": lambda: steps[-1:] == [4]}
    with pytest.raises(Cancelled):
        fitted(model, dataset, tmp_path, **halt)
    found = fitted(model, dataset, tmp_path).network.encoder.state_dict()  # type: ignore[union-attr]
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0, msg=lambda told, name=name: f"{name}: {told}")


def test_rows_that_were_not_trained_are_read_faded(model: str) -> None:
    network = AutoModelForSequenceClassification.from_pretrained(model)
    before = network.get_input_embeddings().weight.detach().clone()
    rows = train_used_rows(network, [[2, 7, 3], [2, 9, 3]])
    assert rows is not None
    assert rows.weight.shape == (5, 32)
    rows.faded.mul_(0.5)
    network.eval()
    torch.testing.assert_close(rows(torch.tensor([[7, 11]]))[0], before[[7, 11]] * torch.tensor([[1.0], [0.5]]))
    restore_rows(network)
    after = network.get_input_embeddings().weight
    torch.testing.assert_close(after[[0, 2, 3, 7, 9]], before[[0, 2, 3, 7, 9]])
    torch.testing.assert_close(after[11:], before[11:] * 0.5)


def test_tables_that_cannot_be_parted_stay_whole(model: str, tmp_path: Path) -> None:
    tied = AutoModelForCausalLM.from_pretrained(tiny_decoder(tmp_path))
    assert train_used_rows(tied, [[1, 2, 3]]) is None
    network = AutoModelForSequenceClassification.from_pretrained(model)
    assert train_used_rows(network, [list(range(80))]) is None
    network.requires_grad_(False)
    assert train_used_rows(network, [[1, 2, 3]]) is None
    restore_rows(network)
    assert type(network.get_input_embeddings()) is torch.nn.Embedding
