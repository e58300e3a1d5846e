"""SmolLM2 asked about questions: labels scored beside lm-evaluation-harness, answers written beside transformers.

The peers get the very tokens of the project's prompts, so that both do the same work.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from bench.speed.material import context, method, predicted, questions, right, weights
from bench.speed.timing import Contender, Outcome
from core.methods.base import Context
from core.prompts.tree import AnswerTree
from core.tasks import Example

HARNESS_BATCH = 16
GENERATED_BATCH = 16
NEW_TOKENS = 8
ONE_TOKEN = {
    "ABBR": "short", "DESC": "meaning", "ENTY": "thing", "HUM": "person", "LOC": "place", "NUM": "number",
}  # fmt: skip
"""Words for the labels that are one token each: the harness then needs one pass a text and not one a label."""


def scoring(
    shots: int,
    demonstrations: str = "balanced",
    texts: int = 200,
    few: int = 32,
    words: dict[str, str] | None = None,
) -> list[Contender]:
    """Every label's likelihood after each prompt, in fp32: the project, and the harness's HFLM.

    The harness gets the first texts only, `few` of them. `words` are other names of the labels.
    """
    asked = _asked(shots, demonstrations, "score", words)
    examples = _named(questions().test[:texts], words)
    first = examples[:few]
    held: dict[str, Any] = {}

    def ours() -> Outcome:
        answers = predicted(asked, examples, _context(words))
        return Outcome(texts, answers, {"right": right(answers, examples)})

    def load() -> None:
        if held:
            return
        from lm_eval.models.huggingface import HFLM

        held["model"] = HFLM(pretrained=weights("smollm2"), device="cpu", dtype="float32", batch_size=HARNESS_BATCH)

    def peer() -> Outcome:
        prompts, labels = _prompts(asked, first, words)
        assert words is None or all(len(label) == 1 for label in labels), "the labels are to be one token each"
        requests = [(("", ""), prompt, list(label)) for prompt in prompts for label in labels]
        found = held["model"]._loglikelihood_tokens(requests, disable_tqdm=True)
        lengths = torch.tensor([len(label) for label in labels])
        scores = torch.tensor([value for value, _ in found]).view(len(first), len(labels)) / lengths
        answers = [asked.labels[place] for place in scores.argmax(1).tolist()]
        return Outcome(len(first), answers, {"right": right(answers, first)})

    return [
        Contender("tradeoff", ours, _ready(asked, words)), Contender("lm-evaluation-harness, batch 16", peer, load)
    ]  # fmt: skip


def generation(shots: int = 6, texts: int = 200, few: int = 48, fewest: int = 16) -> list[Contender]:
    """Short answers written greedily: the project, `generate` in batches, and the pipeline one text at a time.

    The peers get the first texts only, `few` and `fewest` of them.
    """
    asked = _asked(shots, "balanced", "generate", max_new_tokens=NEW_TOKENS)
    examples = questions().test[:texts]
    held: dict[str, Any] = {}

    def ours() -> Outcome:
        answers = predicted(asked, examples, context())
        return Outcome(texts, answers, {"right": right(answers, examples)})

    def load() -> None:
        if held:
            return
        from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

        tokenizer = AutoTokenizer.from_pretrained(weights("smollm2"), trust_remote_code=False)
        tokenizer.padding_side = "left"
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        model = AutoModelForCausalLM.from_pretrained(weights("smollm2"), trust_remote_code=False, dtype=torch.float32)
        asks = pipeline("text-generation", model, tokenizer=tokenizer)
        held.update(tokenizer=tokenizer, model=model.eval(), pipeline=asks)

    def read(completions: list[str]) -> Outcome:
        style, those = asked._style(context()), examples[: len(completions)]
        answers = [style.parse(e.text, style.opening + said) for e, said in zip(those, completions, strict=True)]
        return Outcome(len(those), answers, {"right": right(answers, those)})

    def batched() -> Outcome:
        said: list[str] = []
        tokenizer, model = held["tokenizer"], held["model"]
        rows = _prompts(asked, examples[:few])[0]
        for start in range(0, len(rows), GENERATED_BATCH):
            part = tokenizer.pad({"input_ids": rows[start : start + GENERATED_BATCH]}, return_tensors="pt")
            with torch.inference_mode():
                written = model.generate(**part, max_new_tokens=NEW_TOKENS, do_sample=False)
            said += tokenizer.batch_decode(written[:, part["input_ids"].shape[1] :], skip_special_tokens=True)
        return read(said)

    def one_by_one() -> Outcome:
        tokenizer = held["tokenizer"]
        prompts = [tokenizer.decode(row) for row in _prompts(asked, examples[:fewest])[0]]
        options = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "return_full_text": False}
        return read([held["pipeline"](prompt, **options)[0]["generated_text"] for prompt in prompts])

    return [
        Contender("tradeoff", ours, _ready(asked)),
        Contender(f"transformers generate, batch {GENERATED_BATCH}", batched, load),
        Contender("transformers pipeline, one by one", one_by_one),
    ]


def eight_bits(answer: str, texts: int = 100, shots: int = 6) -> list[Contender]:
    """The same questions answered with weights of eight bits, of 32, and by llama.cpp with 4."""
    examples = questions().test[:texts]
    more = {"max_new_tokens": NEW_TOKENS} if answer == "generate" else {}
    small, whole = (_asked(shots, "balanced", answer, **more, weights=weights) for weights in ("int8", "float"))
    held: dict[str, Any] = {}

    def ours(asked: Any) -> Callable[[], Outcome]:
        def act() -> Outcome:
            answers = predicted(asked, examples, context())
            return Outcome(texts, answers, {"right": right(answers, examples)})

        return act

    def load() -> None:
        from bench.speed.llama import LlamaCpp

        asker = whole._ready(context())
        held["model"] = held.get("model") or LlamaCpp(torch.get_num_threads())
        held["model"].remember(asker.fitted.shared)

    def peer() -> Outcome:
        asker = whole._ready(context())
        rows = [row.ids for row in asker.rows([example.text for example in examples])]
        answers = (
            _scored(held["model"], asker, rows) if asker.scores else _written(held["model"], asker, rows, examples)
        )
        return Outcome(texts, answers, {"right": right(answers, examples)})

    return [
        Contender("tradeoff, int8", ours(small), _ready(small)),
        Contender("tradeoff, fp32", ours(whole), _ready(whole)),
        Contender("llama.cpp, Q4_1", peer, load),
    ]


def _scored(model: Any, asker: Any, rows: Sequence[Sequence[int]]) -> list[str | None]:
    tree = AnswerTree(tuple(asker.fitted.answers))
    lengths = [len(answer) for answer in tree.answers]
    return [asker.style.labels[place] for place in (model.scores(rows, tree) / lengths).argmax(1).tolist()]


def _written(model: Any, asker: Any, rows: Sequence[Sequence[int]], examples: list[Any]) -> list[str | None]:
    style, engine = asker.style, asker.engine
    written = model.write(rows, asker.most, engine.ends, lambda ids: style.ended(asker._said(ids)))
    return [
        style.parse(example.text, style.opening + asker._said(ids))
        for example, ids in zip(examples, written, strict=True)
    ]


def _asked(shots: int, demonstrations: str, answer: str, words: dict[str, str] | None = None, **more: Any) -> Any:
    """SmolLM2 with a fitted prompt, leaning left alone so that both sides compute the same."""
    settings = {
        "shots": shots, "demonstrations": demonstrations, "answer": answer, "calibration": "none", "score_by": "mean",
        "chat_template": False,
    }  # fmt: skip
    asked = method("smollm2-few-shot", **settings, **more)
    asked.fit(_named(questions().train, words), [], _context(words))
    return asked


def _context(words: dict[str, str] | None) -> Context:
    return replace(context(), labels=sorted(words.values())) if words else context()


def _named(examples: list[Example], words: dict[str, str] | None) -> list[Example]:
    """The examples with other names for their labels."""
    return [replace(example, target=words[example.target]) for example in examples] if words else examples


def _ready(asked: Any, words: dict[str, str] | None = None) -> Callable[[], None]:
    """The first answer loads what is kept."""
    return lambda: predicted(asked, _named(questions().test[-2:], words), _context(words)) and None


def _prompts(
    asked: Any, examples: list[Any], words: dict[str, str] | None = None
) -> tuple[list[list[int]], list[tuple[int, ...]]]:
    """The tokens of each whole prompt, and of each label."""
    asker = asked._ready(_context(words))
    rows = asker.rows([example.text for example in examples])
    return [[*asker.fitted.shared, *row.ids] for row in rows], list(asker.fitted.answers)
