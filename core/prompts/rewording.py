"""Other words for the standard instructions, and other orders of their lists: what prompt sensitivity varies.

Only what stands before the part that says how to answer is reworded, so that answers are read as before. A change here
is a change of the styles' wording: raise their `version`.
"""

import random
from collections.abc import Sequence

REWORDED: dict[str, tuple[str, ...]] = {
    "Classify the text.": (
        "Read the text and decide of which kind it is.",
        "Assign the text to the class that fits it best.",
        "You label texts. Give the right label for this one.",
    ),
    "Which of these labels fit the text: {labels}?": (
        "Read the text and choose every label that applies to it, out of: {labels}.",
        "These are the labels: {labels}. Assign the text all that describe it.",
        "Decide for each of these labels whether it is true of the text: {labels}.",
    ),
    "Find the entities in the text.": (
        "Read the text and pick out every entity that it mentions.",
        "Extract all named things from the text.",
        "You annotate texts. Mark each entity in this one.",
    ),
    "Find the intent of the text and its slots.": (
        "Read the text and decide what its writer wants, and with which details: the intent and the slots.",
        "Extract the intent of the text and the slots that it fills.",
        "You understand requests. Say which intent this text has and which slots.",
    ),
    "Think about the text step by step,": (
        "Reason through the text before you decide,",
        "Consider carefully what the text says,",
        "Work out the answer one step after another,",
    ),
    "First list clues in the text": (
        "Begin by writing down clues in the text",
        "To start, collect clues from the text",
        "Look for evidence first: name clues in the text",
    ),
    "Each text is followed by ": (
        "In these examples every text is followed by ",
        "Here are texts, each followed by ",
        "Learn from the texts below: every one is answered by ",
    ),
}
"""By how a standard instruction begins: other words for just that beginning."""
MOST = min(map(len, REWORDED.values()))
"""How many other wordings every instruction has."""


def reworded(instruction: str, paraphrase: int) -> str:
    """A standard instruction in other words; 0 leaves it as it is.

    Raises:
        ValueError: there is no such wording.
    """
    if not paraphrase:
        return instruction
    for beginning, others in REWORDED.items():
        if instruction.startswith(beginning) and paraphrase <= len(others):
            return others[paraphrase - 1] + instruction.removeprefix(beginning)
    raise ValueError(f"There is no wording {paraphrase} of: {instruction[:60]}")


def ordered(names: Sequence[str], order: int) -> list[str]:
    """Names in an order of their own; 0 leaves them as they are, another number shuffles them its way."""
    shuffled = list(names)
    if order:
        random.Random(order).shuffle(shuffled)
    return shuffled
