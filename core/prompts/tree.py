"""The answers that can be given, as a tree of tokens: what several answers begin with is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AnswerTree:
    """Answers as token paths from a common root, the end of the prompt.

    Only nodes that have children are computed by a model: what follows a leaf is never asked.

    Attributes:
        answers: the tokens of each answer.
        tokens: the token of each node with children, parents before children; the root is not among them.
        parents: for each such node the place of its parent in `tokens`, -1 for the root.
        depths: for each such node its distance from the root, 1 and up.
        paths: for each answer the pairs (place of the node before, token) whose log-probabilities make up its own;
            place -1 is the root.
    """

    answers: tuple[tuple[int, ...], ...]
    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    paths: list[list[tuple[int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        places: dict[tuple[int, ...], int] = {(): -1}
        for answer in self.answers:
            path = []
            for length, token in enumerate(answer):
                before = answer[:length]
                if before not in places:
                    places[before] = len(self.tokens)
                    self.tokens.append(before[-1])
                    self.parents.append(places[before[:-1]])
                    self.depths.append(length)
                path.append((places[before], token))
            self.paths.append(path)

    def ancestors(self, place: int) -> list[int]:
        """The node at `place` and those above it, without the root."""
        found = []
        while place >= 0:
            found.append(place)
            place = self.parents[place]
        return found


def told_apart(answers: Sequence[Sequence[int]], closing: Sequence[int]) -> list[tuple[int, ...]]:
    """The answers, each with `closing` when one of them is empty or the beginning of another.

    Without it the shorter of two such answers could never be less likely than the longer one.
    """
    whole = [tuple(answer) for answer in answers]
    begins = {answer[:length] for answer in set(whole) for length in range(len(answer))}
    return [(*answer, *closing) for answer in whole] if begins & set(whole) or () in whole else whole


def tree_chunks(answers: Sequence[tuple[int, ...]], most_tokens: int) -> list[list[int]]:
    """Places of the answers in groups of at most about `most_tokens` tokens, neighbours in the tree together."""
    chunks: list[list[int]] = [[]]
    held = 0
    for place in sorted(range(len(answers)), key=lambda place: answers[place]):
        if chunks[-1] and held + len(answers[place]) > most_tokens:
            chunks.append([])
            held = 0
        chunks[-1].append(place)
        held += len(answers[place])
    return chunks
