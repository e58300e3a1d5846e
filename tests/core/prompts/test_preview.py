"""The prompt as it can be seen before a launch, without loading a model."""

import json
import subprocess
import sys

import pytest

from cli import main
from core.candidates import resolve
from core.errors import TradeoffError
from core.home import Home
from core.prompts.preview import preview
from core.prompts.styles import STYLES, get_style
from core.tasks import Example, get_task
from tests.models import tiny_decoder

TASK, LABELS = get_task("single_label"), ["animal", "colour"]
TRAIN = [Example("1", "a cat", "animal"), Example("2", "red", "colour")]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(tiny_decoder(tmp_path_factory.mktemp("decoder"), max_positions=400))


def seen(model, tmp_path, texts=("a\nhorse",), train=TRAIN, **settings):
    candidate = resolve(f"{model}-few-shot", {"shots": 2, **settings})
    return preview(candidate, TASK, LABELS, train, list(texts), Home(tmp_path))


def test_the_preview_is_the_whole_prompt_with_its_length(model, tmp_path):
    found = seen(model, tmp_path)
    (shown,) = found.prompts
    assert shown.startswith("Each text is followed by its label, one of: animal, colour.\n\nText: ")
    assert "Text: a cat\nLabel: animal\n" in shown
    assert "Text: red\nLabel: colour\n" in shown
    assert shown.endswith("\n\nText: a horse\nLabel:")
    assert found.exact
    assert found.tokens == [len(shown.encode())]  # the tiny model's tokens are bytes
    assert (found.window, found.demonstrations, found.fitting, found.cut) == (400, 2, 2, 0)
    assert found.version == get_style("serial", TASK, LABELS).version


def test_what_does_not_fit_is_told(model, tmp_path):
    long = [Example(str(i), "cat " * (40 if i else 200), "animal") for i in range(6)]
    found = seen(model, tmp_path, train=long, shots=6)
    assert found.fitting < found.demonstrations
    assert found.cut > 0


@pytest.mark.parametrize("style", list(STYLES))
def test_every_style_can_be_seen_and_an_own_instruction_stands_in_it(style, model, tmp_path):
    found = seen(model, tmp_path, style=style, instruction="Say which of {labels} it is!")
    assert found.prompts[0].startswith("Say which of")
    assert found.prompts[0].endswith(get_style(style, TASK, LABELS).opening)


def test_similar_examples_are_those_of_each_text(model, tmp_path):
    found = seen(model, tmp_path, ["a dog", "blue"], shots=1, demonstrations="similar")
    assert ["cat" in prompt for prompt in found.prompts] == [True, False]


def test_what_asks_nothing_cannot_be_seen(tmp_path):
    with pytest.raises(TradeoffError, match="asks nothing"):
        preview(resolve("majority"), TASK, LABELS, TRAIN, ["x"], Home(tmp_path))


def test_an_instruction_and_the_style_make_another_run(model):
    one, two = resolve(f"{model}-zero-shot"), resolve(f"{model}-zero-shot", {"instruction": "Say it."})
    assert one != two
    assert one.settings["style_version"] == get_style("serial", TASK, LABELS).version
    assert "style_version" not in resolve(f"{model}-zero-shot", {"style": "json"}).changed


def test_the_command_line_shows_it(home, dataset, model, monkeypatch, capsys):
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    asked = ["prompt", f"{model}-few-shot", "--dataset", "things", "--set", "shots=1", "--text", "hi"]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["prompts"][0].endswith("Text: hi\nLabel:")
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert f"[{found['tokens'][0]} tokens]" in shown
    assert "fitting: 1" in shown


def test_the_preview_is_light():
    code = (
        "import sys, core.prompts.preview; "
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
