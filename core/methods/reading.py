"""How texts are given to a network with heads, in training and in prediction, and what it gave collected by text."""

from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np
import torch

from core.methods.base import Context, Part
from core.methods.batching import TextTokenizer
from core.methods.corpus import Corpus, word_scores
from core.methods.device import Arithmetic
from core.methods.flat_network import FlatNetwork
from core.methods.heads import HeadedEncoder
from core.methods.inference import WINDOW, forward_passes
from core.methods.outputs import PartOutputs, Raw
from core.methods.settings import EncoderSettings
from core.methods.windows import Window, text_windows, whole_texts
from core.tasks.words import Word


class Reader:
    """Turns texts into windows and the outputs of windows into what was given for each text."""

    def __init__(self, tokenizer: TextTokenizer, settings: EncoderSettings, arithmetic: Arithmetic) -> None:
        self.tokenizer, self.settings, self.arithmetic = tokenizer, settings, arithmetic

    def read(self, part: PartOutputs, texts: Sequence[str]) -> tuple[list[Window], list[list[Word]]]:
        """The windows of texts and where their words lie (nowhere where words carry no tags)."""
        if not part.tags:
            return whole_texts(self.tokenizer, texts), [[] for _ in texts]
        places = [part.words(text) for text in texts]
        return text_windows(self.tokenizer, texts, places, self.settings.window_overlap), places

    def corpus(self, outputs: Sequence[PartOutputs], parts: Sequence[Part], context: Context) -> Corpus:
        """The training texts of all parts; what had to be cut or split is noted."""
        corpus = Corpus(outputs, self.settings)
        for number, (own, part) in enumerate(zip(outputs, parts, strict=True)):
            windows, places = self.read(own, [example.text for example in part.train])
            _note_reading(own, windows, places, "examples", context)
            corpus.add(number, windows, [part.task.decode(example.target) for example in part.train], places)
        return corpus

    def pad(self, windows: Sequence[Window]) -> dict[str, torch.Tensor]:
        """The network's inputs for a batch."""
        return self.tokenizer.pad(windows, self.arithmetic.device)

    def run(
        self, network: HeadedEncoder | FlatNetwork, part: PartOutputs, texts: Sequence[str], context: Context
    ) -> Iterator[list[Raw]]:
        """What the network gives for texts, some texts after the other as all their windows are done.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: memory ran out.
        """
        for start in range(0, len(texts), WINDOW):
            began = perf_counter()
            windows, places = self.read(part, texts[start : start + WINDOW])
            collected = _Collected(part, windows, places, (perf_counter() - began) / len(places))
            _note_reading(part, windows, places, "predicted", context)

            def outputs(chosen: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
                if isinstance(network, FlatNetwork):
                    return network.outputs(part, chosen)
                return self._outputs(network, part, chosen)

            passes = forward_passes(outputs, windows, self.settings.batch_tokens, self.arithmetic, context)
            for numbers, (of_texts, of_words), seconds in passes:
                yield collected.add([windows[i] for i in numbers], of_texts, of_words, seconds, start)

    def _outputs(
        self, network: HeadedEncoder, part: PartOutputs, chosen: Sequence[Window]
    ) -> tuple[np.ndarray, np.ndarray]:
        """A part's scores of windows, shape (windows, labels), and of all their words in order, shape (words, tags)."""
        scores = network(**self.pad(chosen))
        of_texts, of_words = np.zeros((len(chosen), 0), np.float32), np.zeros((0, len(part.tags)), np.float32)
        if part.text_labels:
            of_texts = scores.texts[:, part.text_columns].float().cpu().numpy()
        words = [(row, token) for row, window in enumerate(chosen) for token in window.tokens]
        if part.tags and words:
            of_words = word_scores(scores.tokens, words)[:, part.tag_columns].float().cpu().numpy()
        return of_texts, of_words


class _Collected:
    """Outputs of windows by text, until a text has all of its windows."""

    def __init__(
        self, part: PartOutputs, windows: Sequence[Window], places: Sequence[Sequence[Word]], overhead: float
    ) -> None:
        self.places = places
        self.missing = np.bincount([window.text for window in windows], minlength=len(places))
        self.labels = [np.zeros(0, np.float32)] * len(places)
        self.words = [np.full((len(own), len(part.tags)), np.nan, np.float32) for own in places]
        self.tokens, self.seconds = [0] * len(places), [overhead] * len(places)

    def add(
        self, windows: Sequence[Window], of_texts: np.ndarray, of_words: np.ndarray, seconds: float, start: int
    ) -> list[Raw]:
        """Take what one pass gave; returns the texts that are complete now."""
        done, at = [], 0
        for window, labels in zip(windows, of_texts, strict=True):
            text, count = window.text, len(window.words)
            self.words[text][window.words] = of_words[at : at + count]
            at += count
            self.tokens[text] += len(window.ids)
            self.seconds[text] += seconds / len(windows)
            if window.first:
                self.labels[text] = labels
            self.missing[text] -= 1
            if not self.missing[text]:
                done.append(text)
        return [
            Raw(
                start + text,
                self.labels[text],
                self.words[text],
                self.places[text],
                self.tokens[text],
                self.seconds[text],
            )
            for text in done
        ]


def _note_reading(
    part: PartOutputs, windows: Sequence[Window], places: Sequence[Sequence[Word]], which: str, context: Context
) -> None:
    """Count cut texts; where words are tagged, texts read in several windows and words that no token stands for."""
    long = sum(window.truncated for window in windows)
    counts = {f"truncated_{which}": long} if part.text_labels else {}
    if part.tags:
        unread = sum(map(len, places)) - sum(len(window.words) for window in windows)
        counts |= {f"windowed_{which}": long, f"windows_{which}": len(windows), f"unread_words_{which}": unread}
    for name, count in counts.items():
        if count or which == "examples":
            context.notes[name] = context.notes.get(name, 0) + count
