"""One fine-tuned MiniLM asked about many texts: the project in fp32, bf16 and int8, beside the Hugging Face pipeline.

Everybody has the very same weights. OpenVINO, where it is installed, gets the project's batches, which are of similar
length and by tokens.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import torch

from bench.speed.limits import operations
from bench.speed.material import context, method, predicted, questions, right, weights
from bench.speed.timing import Contender, Outcome
from core.methods.batching import budget_batches
from core.methods.byte_products import ByteRows
from core.methods.packed import PackedRows
from core.methods.windows import whole_texts
from core.tasks import Example

PIPELINE_BATCH = 32
TAUGHT = 2000
ROWS, SECONDS = 1024, 0.5


def answering(kind: str = "fp32", texts: int = 1500) -> list[Contender]:
    """Texts that were not learnt, the test texts first. `kind` is fp32, bf16 or int8."""
    taught = _taught()
    examples = (questions().test + questions().train[:-TAUGHT])[:texts]
    own = taught if kind == "int8" else _without_int8(taught, kind)

    def judged(answers: list[str | None]) -> Outcome:
        return Outcome(texts, answers, {"right": right(answers, examples)})

    def ours() -> Outcome:
        began = time.perf_counter()
        outcome = judged(predicted(own, examples, context()))
        done = _work(own, examples) / (time.perf_counter() - began)
        return Outcome(texts, outcome.answers, {**outcome.quality, "of the limit": done / _rate(kind)})

    def loaded() -> Any:
        from transformers import pipeline

        return pipeline(
            "text-classification", taught.network.encoder, tokenizer=taught.tokenizer.tokenizer, device="cpu",
            batch_size=PIPELINE_BATCH,
        )  # fmt: skip

    piped = loaded()
    peer = Contender(
        f"transformers pipeline, fp32, batch {PIPELINE_BATCH}",
        lambda: judged([found["label"] for found in piped([example.text for example in examples])]),
    )
    others = [_openvino(taught, examples, kind, judged)] if kind != "int8" and find_spec("openvino") else []
    warm = examples[-32:]  # weights are packed for the processor when they are first used
    return [Contender(f"tradeoff, {kind}", ours, lambda: predicted(own, warm, context())), peer, *others]


@lru_cache(maxsize=1)
def _taught() -> Any:
    """A MiniLM of one epoch in fp32 that also knows the ranges for int8."""
    made = method("minilm-full", epochs=1, patience=0, precision="fp32", weights="int8")
    made.fit(questions().train[-TAUGHT:], [], context())
    return made


def _without_int8(taught: Any, kind: str) -> Any:
    """The same network in another arithmetic."""
    made = method("minilm-full", precision=kind)
    made.parts, made.network, made.tokenizer = taught.parts, taught.network, taught.tokenizer
    made.arithmetic = type(taught.arithmetic)(torch.device("cpu"), kind)
    return made


def _work(own: Any, examples: list[Example]) -> float:
    """Operations of all linear layers over all tokens, though the last layer is mostly left out."""
    tokens = sum(len(window.ids) for window in whole_texts(own.tokenizer, [example.text for example in examples]))
    return float(tokens * operations(own.network.encoder.base_model.encoder))


@lru_cache(maxsize=3)
def _rate(kind: str) -> float:
    """Operations a second of oneDNN in this kind, its weights packed: (1024, 384) by (384, 1536), the best of many."""
    linear, inputs = torch.nn.Linear(384, 1536), torch.randn(ROWS, 384)
    run: Callable[[], object]
    with torch.inference_mode():
        if kind == "int8":
            rows = ByteRows(linear.weight, linear.bias, inputs.abs().amax(0))
            codes = rows.codes(inputs)
            run = lambda: rows(codes)  # noqa: E731
        else:
            packed = PackedRows([linear], torch.bfloat16 if kind == "bf16" else torch.float32)
            given = inputs.to(packed.kind)
            run = lambda: packed(given)  # noqa: E731
        best, began = float("inf"), time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            start = time.perf_counter()
            run()
            best = min(best, time.perf_counter() - start)
    return 2 * ROWS * 384 * 1536 / best


def _openvino(taught: Any, examples: list[Example], kind: str, judged: Callable[..., Outcome]) -> Contender:
    """The engine by itself, in the project's batches; tokenizing counts, as it does for the others."""
    import openvino
    from transformers import AutoModelForSequenceClassification

    names = ("input_ids", "attention_mask", "token_type_ids")
    labels, cpu = taught.parts[0].labels, torch.device("cpu")
    apart = AutoModelForSequenceClassification.from_pretrained(weights("minilm"), num_labels=len(labels)).eval()
    apart.load_state_dict(taught.network.encoder.state_dict())

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = apart

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
            return scores

    shown = taught.tokenizer.pad(whole_texts(taught.tokenizer, ["Who ?", "Who was it ?"]), cpu)
    graph = openvino.convert_model(Logits(), example_input=tuple(shown[name] for name in names))
    hint = {"INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(graph, "CPU", hint).create_infer_request()

    def act() -> Outcome:
        windows = whole_texts(taught.tokenizer, [example.text for example in examples])
        answers: list[str | None] = [None] * len(windows)
        for places in budget_batches([len(window.ids) for window in windows], taught.settings.batch_tokens):
            batch = taught.tokenizer.pad([windows[place] for place in places], cpu)
            (scores,) = request.infer([batch[name].numpy() for name in names]).values()
            for place, best in zip(places, scores.argmax(1), strict=True):
                answers[place] = labels[best]
        return judged(answers)

    return Contender(f"OpenVINO, {kind}", act)
