"""Asking an encoder-decoder: it reads a batch of prompts once, then labels are scored or answers are written."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from core.methods.answer_logits import IGNORED, padded, start_token
from core.methods.lessons import MOST_LOGITS
from core.methods.phrasing import Phrasing
from core.methods.tuned import TunedModel
from core.prompts.generation import Writing

Rows = Sequence[Sequence[int]]


class Seq2SeqVoice:
    """An encoder-decoder. It reads whole prompts, so nothing of them is remembered."""

    remembers = False

    def __init__(self, tuned: TunedModel, phrasing: Phrasing) -> None:
        self.model: Any = tuned.network
        self.beginning = list(phrasing.shared)
        self.shared = len(self.beginning)
        self.start = start_token(self.model)
        self.vocabulary: int = self.model.config.get_text_config().vocab_size

    def score(self, rows: Rows, answers: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Log-likelihoods of the answers, shape (rows, answers), fp32 on the CPU."""
        states, mask = self._read(rows)
        given, _ = padded([[self.start, *answer[:-1]] for answer in answers], max(map(len, answers)), left=False)
        targets, _ = padded(answers, given.shape[1], left=False, fill=IGNORED)
        at_once = max(1, MOST_LOGITS // (self.vocabulary * len(rows) * given.shape[1]))
        result = torch.empty(len(rows), len(answers))
        for start in range(0, len(answers), at_once):
            part = slice(start, start + at_once)
            count = len(answers[part])
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states.repeat_interleave(count, 0)),
                attention_mask=mask.repeat_interleave(count, 0),
                decoder_input_ids=given[part].to(states.device).repeat(len(rows), 1), use_cache=False,
            ).logits.float()  # fmt: skip
            wanted = targets[part].to(states.device).repeat(len(rows), 1)
            chosen = logits.log_softmax(-1).gather(-1, wanted.clamp(min=0)[..., None])[..., 0]
            result[:, part] = chosen.masked_fill(wanted == IGNORED, 0).sum(1).view(len(rows), count).cpu()
        return result

    def write(self, rows: Rows, most: int, phrasing: Phrasing) -> list[Writing]:
        """Greedy, until each answer has ended; texts that have ended leave the batch."""
        states, mask = self._read(rows)
        writings, alive = [Writing([]) for _ in rows], list(range(len(rows)))
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        ids = torch.full((len(rows), 1), self.start, device=states.device)
        for _ in range(most):
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states), attention_mask=mask, decoder_input_ids=ids,
                past_key_values=cache, use_cache=True,
            ).logits[:, -1].float()  # fmt: skip
            best = logits.argmax(-1)
            sure = logits.gather(1, best[:, None])[:, 0] - logits.logsumexp(-1)
            for place, token, log_probability in zip(alive, best.tolist(), sure.tolist(), strict=True):
                writings[place].ids.append(token)
                writings[place].log_probability += log_probability
            kept = [row for row, place in enumerate(alive) if not phrasing.ended(writings[place].ids)]
            if not kept:
                break
            if len(kept) < len(alive):
                rest = torch.tensor(kept, device=states.device)
                cache.batch_select_indices(rest)
                states, mask, best, alive = states[rest], mask[rest], best[rest], [alive[row] for row in kept]
            ids = best[:, None]
        return writings

    def most_rows(self, positions: int) -> int:
        """Within the budget of logits."""
        return max(1, MOST_LOGITS // (positions * self.vocabulary))

    def _read(self, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
        prompts = [[*self.beginning, *row] for row in rows]
        ids, mask = padded(prompts, max(map(len, prompts)), left=False)
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        found = self.model.get_encoder()(input_ids=ids, attention_mask=mask)
        return found.last_hidden_state, mask
