"""A causal language model on a device: it reads what all prompts share once, then scores or writes answers."""

import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.cache_utils import Cache, DynamicLayer

from core.errors import TradeoffError
from core.methods.base import memory_guard
from core.methods.device import arithmetic
from core.methods.eight_bit import to_eight_bits
from core.methods.models import loading, local_path
from core.methods.onednn import pack_linear_layers
from core.prompts.cache import Prefix
from core.prompts.generation import Dice, Ended, Writing, repeated_writing, shared_writing
from core.prompts.head import SplitHead, WholeHead
from core.prompts.packed import packed_scores, packed_writing
from core.prompts.scoring import repeated_scores, shared_scores
from core.prompts.tree import AnswerTree, tree_chunks

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
TOLERANCE = {torch.float32: 0.01, torch.float16: 0.1, torch.bfloat16: 0.75}
"""How far log-likelihoods computed in two ways may differ by rounding; a wrong mask differs by more."""
MOST_LOGITS = 2**25
"""Logits held at once (128 MiB in fp32), so that a large vocabulary does not fill the memory."""
PREFIX_CHUNK = 1024
"""Tokens of the prefix computed at once."""
MOST_TREE_TOKENS = 512
CANNOT = (TypeError, ValueError, AttributeError, IndexError, KeyError, NotImplementedError)
"""What models raise that cannot go a shorter way."""
ASSUMED_WINDOW = 2048

_loaded: "weakref.WeakValueDictionary[tuple[str, str, str, str], Engine]" = weakref.WeakValueDictionary()
_loading = threading.Lock()


def get_engine(name: str, models: Path, device: str, precision: str, weights: str = "float") -> "Engine":
    """The engine of a model, loaded once a process while somebody holds it.

    Raises:
        TradeoffError: the model cannot be found, fetched or read, writes no text, does not fit in memory, or is to be
            in eight bits elsewhere than on a CPU.
    """
    with _loading:
        key = (name, device, precision, weights)
        engine = _loaded.get(key)
        if engine is None:
            engine = _loaded[key] = _engine_class(name, models)(name, models, device, precision, weights)
        return engine


def _engine_class(name: str, models: Path) -> "type[Engine]":
    """By the model's own configuration: a decoder, or an encoder with a decoder."""
    with loading(name):
        config = transformers.AutoConfig.from_pretrained(local_path(name, models), trust_remote_code=False)
    if getattr(config, "is_encoder_decoder", False):
        from core.prompts.seq2seq import Seq2SeqEngine

        return Seq2SeqEngine
    return Engine


class Engine:
    """A causal language model and its tokenizer. Token rows go in, log-likelihoods or written tokens come out.

    Attributes:
        window: most tokens that the model reads.
        ends: token ids that end an answer.
        keeps_lines: whether its tokenizer can tell line ends from spaces.
        tolerance: how far log-likelihoods computed in two ways may differ.
    """

    model_class: Any = AutoModelForCausalLM

    def __init__(self, name: str, models: Path, device: str, precision: str = "auto", weights: str = "float") -> None:
        if weights == "int8" and device != "cpu":
            raise TradeoffError(
                "Weights of eight bits are computed on a CPU only", device,
                "Launch the run with --device cpu, or set weights to float.",
            )  # fmt: skip
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.name = name
        # In bf16 a text's answer can hang on the batch it is in: only where fp32 would be far slower by default.
        where = arithmetic(device, "fp32" if device == "cpu" and precision == "auto" else precision)
        kind = KINDS[where.precision]
        path = local_path(name, models)
        with memory_guard("precision", name), loading(name):
            _check_writes(transformers.AutoConfig.from_pretrained(path, trust_remote_code=False), name)
            self.tokenizer: Any = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
            loaded: Any = self.model_class.from_pretrained(
                path, trust_remote_code=False, use_safetensors=True, dtype=kind
            )
            self.model: Any = loaded.to(where.device).eval()
        if weights == "int8":
            to_eight_bits(self.model)
        if where.device.type == "cpu" and kind == torch.float32:
            SplitHead.into(self.model)
            pack_linear_layers(self.model)
        self._ready()
        if weights == "int8":
            self.tolerance = TOLERANCE[torch.bfloat16]

    @classmethod
    def around(cls, name: str, model: Any, tokenizer: Any) -> "Engine":
        """An engine of a model that is loaded already, in evaluation mode; its weights may change between calls."""
        engine = cls.__new__(cls)
        engine.name, engine.model, engine.tokenizer = name, model, tokenizer
        engine._ready()
        return engine

    def _ready(self) -> None:
        self.tolerance = TOLERANCE[self.model.dtype]
        self.window = _window(self.model.config.get_text_config(), self.tokenizer)
        self.ends = self._end_tokens()
        special = {str(token) for token in self.tokenizer.added_tokens_decoder.values() if token.special}
        self.keeps_lines = self.keeps("a\nb: c\n")
        self._controls = sorted((token for token in special if len(token) > 1), key=len, reverse=True)

    def neutral(self, text: str) -> str:
        """`text` without what the model would take as a control token: `<|im_end|>` becomes `< |im_end|>`."""
        for control in self._controls:
            if control in text:
                text = text.replace(control, f"{control[0]} {control[1:]}")
        return text

    def encode(self, texts: Sequence[str], after: str = "") -> list[list[int]]:
        """Token ids of each text as it goes on from `after`, no tokens added. What is no Unicode is replaced."""
        clean = [(after + text).encode("utf-8", "replace").decode("utf-8") for text in [*texts, ""]]
        rows: list[list[int]] = self.tokenizer(clean, add_special_tokens=False)["input_ids"]
        *whole, start = rows
        if all(row[: len(start)] == start for row in whole):
            return [row[len(start) :] for row in whole]
        alone: list[list[int]] = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return alone

    def keeps(self, text: str) -> bool:
        """Whether a text survives its way through the tokenizer, but for single spaces."""
        (ids,) = self.encode([text])
        return self.decode(ids).replace(" ", "") == text.replace(" ", "")

    def beginning(self) -> list[int]:
        """The token that the tokenizer puts before every text, if it does."""
        first = self.tokenizer.bos_token_id
        return [first] if first is not None and self.tokenizer("a")["input_ids"][:1] == [first] else []

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, control tokens left out."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    @torch.inference_mode()
    def remember(
        self, ids: Sequence[int], probe: Sequence[int], answers: Sequence[tuple[int, ...]], longest: int,
        report: Callable[[int], object] | None = None,
    ) -> Prefix:  # fmt: skip
        """Compute what all prompts share once.

        The shortcut is tried on one prompt first: a model that answers otherwise than for the whole prompt (it has
        a sliding window or no attention) gets a prefix without states, and each prompt is computed whole.

        Args:
            ids: the tokens that all prompts begin with.
            probe: the further tokens of one prompt.
            answers: some answers.
            longest: most further tokens of any prompt and its answer.
            report: takes the number of tokens that are done.
        """
        whole = Prefix(tuple(ids), ())
        sliding = getattr(self.model.config.get_text_config(), "sliding_window", None)
        if sliding and len(ids) + longest > sliding:
            return whole
        few = list(answers[:3])
        with memory_guard("shots", self.name):
            try:
                prefix = self._computed(ids, report)
            except CANNOT:
                return whole
            slow = repeated_scores(self.model, [*ids, *probe], few).cpu()
            for candidate in (replace(prefix, packs=True), prefix) if self.model.device.type == "cpu" else (prefix,):
                with suppress(*CANNOT):
                    quick = self._shared(candidate, [probe, probe[:1]], AnswerTree(tuple(few)))[0]
                    if torch.allclose(quick, slow, rtol=0.01, atol=self.tolerance):
                        return candidate
        return whole

    @torch.inference_mode()
    def score(self, prefix: Prefix, rows: Sequence[Sequence[int]], answers: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Log-likelihoods of the answers after prefix + row, of shape (rows, answers), in fp32 on the CPU."""
        result = torch.empty(len(rows), len(answers))
        most = self.most_tree_tokens()
        for places in tree_chunks(answers, most if prefix.states else most // 4):
            chosen = tuple(answers[place] for place in places)
            if prefix.states:
                result[:, places] = self._shared(prefix, rows, AnswerTree(chosen))
            else:
                for row, tokens in enumerate(rows):
                    result[row, places] = repeated_scores(self.model, [*prefix.ids, *tokens], chosen).cpu()
        return result

    @torch.inference_mode()
    def write(
        self, prefix: Prefix, rows: Sequence[Sequence[int]], most: int, ended: Ended, dice: Dice | None = None
    ) -> list[Writing]:
        """What the model writes after prefix + row: at most `most` tokens, until `ended` or an end token.

        The likeliest token each time, or one that `dice` draws.
        """
        over = self._over(ended)
        if prefix.packs:
            return packed_writing(self.model, self._head(), prefix, rows, most, over, dice)
        if prefix.states:
            return shared_writing(self.model, prefix, rows, most, over, dice)
        pad = self.tokenizer.pad_token_id or next(iter(self.ends), 0)
        temperature, seeds = (dice.temperature, dice.seeds) if dice else (0.0, [0] * len(rows))
        return [
            repeated_writing(self.model, [*prefix.ids, *row], most, over, pad, temperature, seed)
            for row, seed in zip(rows, seeds, strict=True)
        ]

    def _shared(self, prefix: Prefix, rows: Sequence[Sequence[int]], tree: AnswerTree) -> torch.Tensor:
        if prefix.packs:
            return packed_scores(self.model, self._head(), prefix, rows, tree)
        return shared_scores(self.model, prefix, rows, tree)

    def _head(self) -> SplitHead | WholeHead:
        layer = self.model.get_output_embeddings()
        return layer if isinstance(layer, SplitHead) else WholeHead(layer)

    def _over(self, ended: Ended) -> Ended:
        return lambda ids: ids[-1] in self.ends or ended(ids)

    def most_rows(self, positions: int) -> int:
        """How many texts can be computed at once when logits are wanted at `positions` of each."""
        return max(1, MOST_LOGITS // (positions * self.model.config.get_text_config().vocab_size))

    def most_tree_tokens(self) -> int:
        """How many tokens of an answer tree are computed at once."""
        return max(16, min(MOST_TREE_TOKENS, MOST_LOGITS // self.model.config.get_text_config().vocab_size))

    def _computed(self, ids: Sequence[int], report: Callable[[int], object] | None) -> Prefix:
        cache = Cache(layer_class_to_replicate=DynamicLayer)
        for start in range(0, len(ids), PREFIX_CHUNK):
            part = torch.tensor([ids[start : start + PREFIX_CHUNK]], device=self.model.device)
            self.model(input_ids=part, past_key_values=cache, use_cache=True, logits_to_keep=1)
            if report:
                report(start + part.shape[1])
        if not cache.layers or cache.get_seq_length() != len(ids):
            raise ValueError("the model keeps no keys and values")
        layers: list[Any] = cache.layers
        return Prefix(tuple(ids), tuple((layer.keys, layer.values) for layer in layers))

    def _end_tokens(self) -> frozenset[int]:
        config = getattr(self.model, "generation_config", None)
        named = getattr(config, "eos_token_id", None)
        ends = named if isinstance(named, list) else [named]
        return frozenset(end for end in [*ends, self.tokenizer.eos_token_id] if isinstance(end, int))


def _check_writes(config: Any, name: str) -> None:
    kinds = config.architectures or []
    if kinds and not any("CausalLM" in kind or "LMHead" in kind or "ConditionalGen" in kind for kind in kinds):
        raise TradeoffError(
            f"The model {name} does not write text ({kinds[0]})",
            remedy="Choose a text-generation model such as smollm2, or fine-tune this one instead.",
        )


def _window(config: Any, tokenizer: Any) -> int:
    sizes = [getattr(config, "max_position_embeddings", None), getattr(config, "n_positions", None)]
    known = [size for size in (*sizes, tokenizer.model_max_length) if isinstance(size, int) and 0 < size < 10_000_000]
    return min(known) if known else ASSUMED_WINDOW
