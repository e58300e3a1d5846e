"""Which solved examples are shown."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.encoder import Encoder
from core.methods.settings import EncoderSettings
from core.methods.settings.prompt import DemonstrationSettings
from core.prompts.demonstrations import Demonstrator, draw
from core.tasks import Example, Target, get_task
from tests.models import tiny_encoder

TRAIN = [
    Example(f"{label}{i}", f"text {label} {i}", label) for label, n in (("a", 30), ("b", 5), ("c", 1)) for i in range(n)
]


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_file():
    for how in ("balanced", "random"):
        assert draw(TRAIN, 6, how, 3) == draw(TRAIN[::-1], 6, how, 3)
        assert draw(TRAIN, 6, how, 3) != draw(TRAIN, 6, how, 4)


def test_balanced_gives_every_label_its_share_as_long_as_it_has_texts():
    for seed in range(5):
        assert Counter(e.target for e in draw(TRAIN, 3, "balanced", seed)) == {"a": 1, "b": 1, "c": 1}
        assert Counter(e.target for e in draw(TRAIN, 9, "balanced", seed)) == {"a": 4, "b": 4, "c": 1}
    assert len({e.target for e in draw(TRAIN, 2, "balanced", 0)}) == 2


def test_empty_and_repeated_texts_are_never_shown():
    odd = [Example("e", "", "a"), Example("s", " \n", "b"), Example("x1", "same", "a"), Example("x2", "same ", "b")]
    shown = draw(odd, 10, "random", 0)
    assert [e.id for e in shown] == ["x1"]


def test_fewer_when_there_are_no_more():
    assert len(draw(TRAIN, 64, "balanced", 0)) == len(TRAIN)
    assert len(draw(TRAIN, 64, "random", 0)) == len(TRAIN)
    assert draw(TRAIN, 0, "balanced", 0) == []
    assert draw([], 3, "random", 0) == []


SEVERAL = get_task("multi_label")


def test_balanced_takes_every_label_of_several_in_turn():
    train = [Example(f"{i}", f"text {i}", SEVERAL.encode(Target.of(["a"]))) for i in range(20)]
    train.append(Example("rare", "rare text", SEVERAL.encode(Target.of(["a", "b"]))))
    assert "rare" in {e.id for e in draw(train, 2, "balanced", 0, SEVERAL)}


POOL = [
    Example("1", "How far is the moon?", "NUM"),
    Example("2", "how far is  the MOON?", "NUM"),
    Example("3", "What is the distance to the moon?", "NUM"),
    Example("4", "Who wrote Hamlet?", "HUM"),
    Example("5", "Who composed the Ninth Symphony?", "HUM"),
    Example("6", "How far away is the sun?", "NUM"),
]


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(
        get_task("single_label"), ["HUM", "NUM"], models=tmp_path_factory.mktemp("home") / "cache" / "models"
    )


def similar(context, **settings):
    chosen = DemonstrationSettings(**{"shots": 2, "demonstrations": "similar", **settings})
    return Demonstrator.choose(POOL, chosen, context)


def test_similar_examples_stand_by_likeness_and_never_say_the_same_as_the_text(context):
    (found,) = similar(context).of(["How far is the moon?"])
    assert [e.id for e in found] in (["6", "3"], ["3", "6"])
    (reverse,) = similar(context, order="most_similar_first").of(["How far is the moon?"])
    assert reverse == found[::-1]
    (authors,) = similar(context).of(["Who wrote Faust?"])
    assert [e.id for e in authors] == ["5", "4"]
    shuffled = similar(context, order="shuffled", shots=5)
    assert shuffled.of(["Who?"]) == shuffled.of(["Who?"])
    assert sorted(e.id for e in shuffled.of(["Who?"])[0])[1:] == ["3", "4", "5", "6"]


def test_similar_examples_of_one_label_are_limited(context):
    (found,) = similar(context, shots=3, most_per_label=1).of(["How far is Mars?"])
    assert sorted(e.target for e in found) == ["HUM", "NUM"]


def test_saved_examples_are_the_same_again_and_only_json_and_safetensors(context, tmp_path):
    demonstrator = similar(context)
    demonstrator.save(tmp_path)
    again = Demonstrator.load(tmp_path, demonstrator.settings, context)
    texts = ["Who wrote Faust?", "How far is Mars?", ""]
    assert again.of(texts) == demonstrator.of(texts)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_a_pool_limits_what_is_searched(context):
    assert {e.id for e in similar(context, pool=2).pool} < {e.id for e in POOL}
    assert len(similar(context, pool=2).pool) == 2


def test_the_vectors_of_a_fine_tuned_run_serve_and_those_of_other_runs_are_refused(context):
    runs = context.models.parent.parent / "runs"
    folder = runs / "set.tiny-full.s0.abc"
    (folder / "model").mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    with pytest.raises(TradeoffError, match="no fine-tuned encoder"):
        similar(context, similar_to=folder.name)
    encoder = Encoder(EncoderSettings(epochs=1), str(tiny_encoder(runs / "tiny")))
    encoder.fit(POOL, POOL, replace(context, checkpoints=None))
    encoder.save(folder / "model")
    (found,) = similar(context, similar_to=folder.name).of(["Who wrote Faust?"])
    assert len(found) == 2


def test_drawn_examples_need_no_encoder():
    code = """
import sys
from core.methods.base import Context
from core.methods.settings import PromptSettings
from core.prompts.demonstrations import Demonstrator
from core.tasks import Example, get_task
context = Context(get_task("single_label"), ["b"])
found = Demonstrator.choose([Example("1", "a", "b")], PromptSettings(shots=1), context)
print(len(found.common), [name for name in ("torch", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "1 []", done.stderr
