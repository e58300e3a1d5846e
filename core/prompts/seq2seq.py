"""An encoder-decoder as an engine: the encoder reads each prompt, the decoder scores or writes answers."""

from collections.abc import Callable, Sequence

import torch
from transformers import AutoModelForSeq2SeqLM
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from core.prompts.cache import Prefix
from core.prompts.engine import MOST_LOGITS, Engine
from core.prompts.generation import Dice, Ended, Writing, add_tokens


class Seq2SeqEngine(Engine):
    """A T5 or its kin. It reads whole prompts, so what they share is not computed apart."""

    model_class = AutoModelForSeq2SeqLM

    def remember(
        self, ids: Sequence[int], probe: Sequence[int], answers: Sequence[tuple[int, ...]], longest: int,  # noqa: ARG002
        report: Callable[[int], object] | None = None,
    ) -> Prefix:  # fmt: skip
        """The beginning of all prompts, as tokens only."""
        if report:
            report(len(ids))
        return Prefix(tuple(ids), ())

    @torch.inference_mode()
    def score(self, prefix: Prefix, rows: Sequence[Sequence[int]], answers: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Log-likelihoods of the answers after prefix + row, of shape (rows, answers), in fp32 on the CPU."""
        states, mask = self._read(prefix, rows)
        longest = max(map(len, answers))
        padded = torch.tensor([[*answer, *[0] * (longest - len(answer))] for answer in answers], device=states.device)
        real = torch.arange(longest, device=states.device) < torch.tensor(
            [[len(answer)] for answer in answers], device=states.device
        )
        given = torch.cat([torch.full_like(padded[:, :1], self._start), padded[:, :-1]], 1)
        result = torch.empty(len(rows), len(answers))
        at_once = max(1, MOST_LOGITS // (len(rows) * longest * self.model.config.get_text_config().vocab_size))
        for start in range(0, len(answers), at_once):
            part = slice(start, start + at_once)
            count = len(answers[part])
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states.repeat_interleave(count, 0)),
                attention_mask=mask.repeat_interleave(count, 0),
                decoder_input_ids=given[part].repeat(len(rows), 1), use_cache=False,
            ).logits.float()  # fmt: skip
            wanted = padded[part].repeat(len(rows), 1)
            chosen = logits.gather(-1, wanted[..., None])[..., 0] - logits.logsumexp(-1)
            sums = (chosen * real[part].repeat(len(rows), 1)).sum(1)
            result[:, part] = sums.view(len(rows), count).cpu()
        return result

    @torch.inference_mode()
    def write(
        self, prefix: Prefix, rows: Sequence[Sequence[int]], most: int, ended: Ended, dice: Dice | None = None
    ) -> list[Writing]:
        """What the decoder writes: at most `most` tokens, until `ended` or an end token."""
        states, mask = self._read(prefix, rows)
        writings, alive = [Writing([]) for _ in rows], list(range(len(rows)))
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        ids = torch.full((len(rows), 1), self._start, device=states.device)
        for _ in range(most):
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states), attention_mask=mask, decoder_input_ids=ids,
                past_key_values=cache, use_cache=True,
            ).logits[:, -1].float()  # fmt: skip
            kept = add_tokens(logits, writings, alive, self._over(ended), dice)
            if not kept:
                break
            rest = torch.tensor(kept, device=states.device)
            if len(kept) < len(alive):
                cache.batch_select_indices(rest)
                states, mask = states[rest], mask[rest]
            alive = [alive[row] for row in kept]
            ids = torch.tensor([[writings[place].ids[-1]] for place in alive], device=states.device)
        return writings

    def beginning(self) -> list[int]:
        """Nothing: these tokenizers mark the end of a text."""
        return []

    @property
    def _start(self) -> int:
        found: int = self.model.config.decoder_start_token_id
        return found

    def _read(self, prefix: Prefix, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """The encoder's states of each whole prompt with the token that ends it, and which of them are real."""
        end = [self.tokenizer.eos_token_id] if self.tokenizer.eos_token_id is not None else []
        prompts = [[*prefix.ids, *row, *end] for row in rows]
        longest = max(map(len, prompts))
        pad = self.tokenizer.pad_token_id or 0
        ids = torch.tensor([[*prompt, *[pad] * (longest - len(prompt))] for prompt in prompts])
        mask = torch.tensor([[1] * len(prompt) + [0] * (longest - len(prompt)) for prompt in prompts])
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        found = self.model.get_encoder()(input_ids=ids, attention_mask=mask)
        return found.last_hidden_state, mask
