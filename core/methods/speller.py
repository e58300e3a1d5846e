"""Text as a language model's tokens and back, so that nothing a user's text says acts as a control token."""

import re
from collections.abc import Sequence
from typing import Any

STRUCTURE = '{}[]<>()|:"\\@#,;/*_`\n'
"""Characters that prompt styles build answers of."""
CHARACTERS_PER_TOKEN = 32
"""More than any tokenizer packs into a token of running text: what is beyond is cut before it is tokenized."""


class Speller:
    """A tokenizer as fine-tuning needs it.

    Some vocabularies lack characters that answers are built of (T5 knows no `{` and no line end). Each of them is
    written as one of the tokenizer's spare tokens (`<extra_id_0>` and on), which a text can never contain.

    Attributes:
        end: the token that ends an answer.
        begin: the tokens that stand before every text, none for most models.
        lost: characters that the vocabulary lacks and no spare token is left for.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.end: int = _first_id(tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
        start = tokenizer.bos_token_id
        self.begin = [start] if start is not None and tokenizer("a")["input_ids"][:1] == [start] else []
        added = {id for id, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._special = frozenset(added | set(tokenizer.all_special_ids))
        self._acting = self._special - {tokenizer.unk_token_id}
        controls = {tokenizer.convert_ids_to_tokens(id) for id in self._acting}
        self._controls = sorted((control for control in controls if len(control) > 1), key=len, reverse=True)
        missing = [character for character in STRUCTURE if not self._keeps(character)]
        spare = sorted(
            (id for id, token in tokenizer.added_tokens_decoder.items() if str(token).startswith("<extra_id_")),
            key=lambda id: -id if id > len(tokenizer) // 2 else id,
        )
        self._spares = dict(zip(missing, spare, strict=False))
        self._spelled = {id: character for character, id in self._spares.items()}
        self.lost = "".join(missing[len(spare) :])
        self._split = re.compile(f"([{re.escape(''.join(self._spares))}])") if self._spares else None

    def template(self, text: str) -> list[int]:
        """Tokens of a chat template's own words: control tokens count as such."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        return ids

    def plain(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, control tokens inside it being mere text. What is no Unicode is replaced."""
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        if self._split is None:
            return self._tokens(clean)
        pieces = [self._split.split(text) for text in clean]
        plain = iter(
            self._tokens([piece for parts in pieces for piece in parts if piece and piece not in self._spares])
        )
        return [
            [
                id
                for piece in parts
                if piece
                for id in ([self._spares[piece]] if piece in self._spares else next(plain))
            ]
            for parts in pieces
        ]  # fmt: skip

    def read(self, ids: Sequence[int], after: Sequence[int] = ()) -> str:
        """The text of token ids as it goes on from the text of `after`; control tokens are left out."""
        if not after:
            return self._text(ids)
        start, whole = self._text(after), self._text([*after, *ids])
        return whole[len(start) :] if whole.startswith(start) else self._text(ids)

    def _text(self, ids: Sequence[int]) -> str:
        kept = [id for id in ids if id in self._spelled or id not in self._special]
        text, run = "", list[int]()
        for id in kept:
            if id in self._spelled:
                text, run = text + self._decoded(run) + self._spelled[id], []
            else:
                run.append(id)
        return text + self._decoded(run)

    def _decoded(self, ids: Sequence[int]) -> str:
        if not ids:
            return ""
        text: str = self.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        return text

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        rows: list[list[int]] = self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)[
            "input_ids"
        ]
        # Some vocabularies hold `</s>` as a piece of text as well: there it is told apart by a space.
        for place, row in enumerate(rows):
            if not self._acting.isdisjoint(row):
                rows[place] = self.tokenizer(self._neutral(texts[place]), add_special_tokens=False)["input_ids"]
        return rows

    def _neutral(self, text: str) -> str:
        for control in self._controls:
            text = text.replace(control, f"{control[0]} {control[1:]}")
        return text

    def _keeps(self, character: str) -> bool:
        rows = self._tokens([f"a{character}b", f"a {character} b"])
        return all(character in self._decoded(row) for row in rows)


def _first_id(*ids: int | None) -> int:
    return next((id for id in ids if id is not None), 0)
