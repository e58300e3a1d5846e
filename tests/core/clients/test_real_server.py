"""The API path against a real server with a real model: `transformers serve`, offline, on a local folder.

Served is SmolLM2 where it has been converted on this machine, else a tiny random Llama: what it answers says little
then, but requests, token counts and failures are those of a real server.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.clients.endpoints import Endpoint
from core.data.dataset import Dataset
from core.execute import execute
from core.findings.results import results
from core.home import Home
from core.planning import specs
from core.preferences import Preferences, load, save
from core.runs import RunFolder, create_run
from core.spec import Experiment
from tests.core.clients.faulty import KEY

pytestmark = pytest.mark.skipif(find_spec("fastapi") is None, reason="transformers[serving] is not installed")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    converted = sorted((ROOT / "data" / "cache" / "models").glob("smollm2-*/model.safetensors"))
    if converted:
        return converted[0].parent
    from tests.models import tiny_decoder

    return tiny_decoder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder), "--host", "127.0.0.1",
               "--port", str(port), "--device", "cpu"]  # fmt: skip
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).read()
                break
            except OSError:
                assert server.poll() is None, "transformers serve ended"
                assert time.monotonic() < deadline, "transformers serve did not start"
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def run_of(home: Home, url: str, model: str) -> RunFolder:
    endpoint = Endpoint(name="served", base_url=url, key_env="MY_KEY", concurrency=2)
    save(home, Preferences(endpoints=(endpoint,)))
    name = f"api:{model}-few-shot"
    settings = {name: {"endpoint": "served", "max_new_tokens": 4, "shots": 2, "attempts": 2, "style": "json"}}
    found = create_run(home, specs(home, Experiment(dataset="things", candidates=[name], settings=settings))[0])
    execute(found, home)
    return found


def test_a_run_against_a_real_server(
    home: Home, dataset: Dataset, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoTokenizer

    monkeypatch.setenv("MY_KEY", KEY)
    run = run_of(home, url, str(folder))
    assert run.state
    assert run.state.status == "finished", run.state.reason
    predict = run.usage["predict"]
    assert predict.texts == dataset.info.counts["validation"] + dataset.info.counts["test"]
    assert 0 < predict.tokens.output <= 4 * predict.texts
    tokenizer = AutoTokenizer.from_pretrained(folder)
    shortest = min(len(tokenizer(example.text).input_ids) for example in dataset.examples("test"))
    assert predict.tokens.input > 3 * shortest * predict.texts  # the text and two solved examples, counted there
    # It ignores logprobs and response_format without a word: that is noted by what came back.
    assert run.notes["answers_without_logprobs"] == predict.texts
    row = results(home, "things", load(home))[0]
    assert (row.usd_per_1k, row.kwh_per_1k, row.energy_provenance) == (None, None, "unknown")
    assert row.latency_p50_ms


def test_a_model_that_it_does_not_serve_fails_the_run_and_counts_no_text_as_wrong(
    home: Home, dataset: Dataset, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    run = run_of(home, url, "no-such-model")
    assert run.state
    assert run.state.status == "failed"
    assert run.state.remedy
    assert not run.scores
    assert dataset
