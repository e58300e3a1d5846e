"""Models by name: what is found, and what each thing that goes wrong is called."""

import json
import shutil
from pathlib import Path

import pytest

from core import files
from core.errors import TradeoffError
from core.methods import models
from core.methods.base import is_out_of_memory, memory_guard
from core.methods.models import loading, local_path
from tests.models import tiny_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


def told(name: str, cache: Path) -> TradeoffError:
    with pytest.raises(TradeoffError) as error:
        local_path(name, cache)
    assert error.value.remedy
    return error.value


def test_bundled_and_local_models_are_folders(encoder: Path, tmp_path: Path) -> None:
    assert (Path(local_path("minilm", tmp_path)) / "model.safetensors").exists()
    assert local_path(str(encoder), tmp_path) == str(encoder)


def test_a_model_that_cannot_be_reached(tmp_path: Path) -> None:
    error = told("nobody/nothing", tmp_path)
    assert "nobody/nothing is not on this machine" in error.what
    assert "internet" in error.remedy


@pytest.mark.parametrize("name", ["/no/such/folder", "./no/such/folder", "a b c", "../.."])
def test_a_folder_that_does_not_exist(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert name in str(told(name, tmp_path))


def test_folders_that_hold_no_whole_model(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "config.json" in told(str(tmp_path / "empty"), tmp_path).what
    pickled = tmp_path / "pickled"
    shutil.copytree(encoder, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    assert "safetensors" in told(str(pickled), tmp_path).what
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (pickled / "model.safetensors.index.json").write_text(json.dumps(index))
    (pickled / "model-00001-of-00002.safetensors").touch()
    assert "model-00002-of-00002" in told(str(pickled), tmp_path).what
    (pickled / "model.safetensors.index.json").write_text("[]")
    told(str(pickled), tmp_path)


def test_a_downloaded_model_is_found_without_the_network(encoder: Path, tmp_path: Path) -> None:
    files.write_json(tmp_path / "hub" / "some%2Fmodel.json", {"name": "some/model", "folder": str(encoder)})
    assert local_path("some/model", tmp_path) == str(encoder)
    files.write_json(tmp_path / "hub" / "some%2Fmodel.json", {"name": "some/model", "folder": str(tmp_path / "gone")})
    assert "not on this machine" in told("some/model", tmp_path).what


class GatedRepoError(OSError):
    pass


class RepositoryNotFoundError(OSError):
    pass


class ConnectError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "what", "remedy"),
    [
        (GatedRepoError("403 Client Error"), "accepted its terms", "HF_TOKEN"),
        (RepositoryNotFoundError("401 Client Error. Repository Not Found"), "no public model", "HF_TOKEN"),
        (ConnectError("[Errno -2] Name or service not known"), "cannot be reached", "internet"),
        (OSError("504 Server Error: Gateway Time-out"), "cannot be reached", "internet"),
        (OSError("429 Client Error: Too Many Requests"), "no more requests", "minutes"),
        (OSError(28, "No space left on device"), "disk", "disk space"),
        (ValueError("contains custom code which must be executed"), "never run", "architecture"),
        (ValueError("transformers does not recognize this architecture"), "architecture", "encoder"),
        (KeyError("surprise"), "could not load", "another model"),
    ],
)
def test_each_failure_has_its_sentence(error: Exception, what: str, remedy: str) -> None:
    with pytest.raises(TradeoffError) as caught, loading("some/model"):
        raise OSError("could not load") from error
    assert what in str(caught.value)
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_damaged_files_of_a_real_model(encoder: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModel

    torn = tmp_path / "torn"
    shutil.copytree(encoder, torn)
    (torn / "model.safetensors").write_bytes((encoder / "model.safetensors").read_bytes()[:400])
    with pytest.raises(TradeoffError, match="damaged"), loading("torn"):
        AutoModel.from_pretrained(torn, use_safetensors=True)
    (torn / "config.json").write_text('{"model_type": "frobnicate"}')
    with pytest.raises(TradeoffError, match="architecture"), loading("torn"):
        AutoConfig.from_pretrained(torn)
    (torn / "config.json").write_text("{")
    with pytest.raises(TradeoffError, match="damaged"), loading("torn"):
        AutoConfig.from_pretrained(torn)


def test_memory_errors_are_told_from_others() -> None:
    with pytest.raises(MemoryError), loading("some/model"):
        raise MemoryError
    with pytest.raises(TradeoffError, match="memory"), memory_guard("batch_size", "cpu"):
        raise MemoryError
    with pytest.raises(RuntimeError, match="shape"), memory_guard("batch_size", "cpu"):
        raise RuntimeError("shape mismatch")
    assert not is_out_of_memory(ValueError("not enough memory"))
    assert models.NO_SAFETENSORS
