"""The prompt as it can be seen before a launch, without loading a model."""

import subprocess
import sys

from core.methods.settings import PromptSettings
from core.prompts.preview import preview
from core.tasks import Example, get_task

TRAIN = [Example("1", "a cat", "animal"), Example("2", "red", "colour")]


def test_the_preview_is_the_whole_prompt():
    settings = PromptSettings(shots=2, style="serial")
    shown = preview(settings, get_task("single_label"), ["animal", "colour"], TRAIN, "a\nhorse")
    assert shown.startswith("Each text is followed by its label, one of: animal, colour.\n\nText: ")
    assert "Text: a cat\nLabel: animal\n" in shown
    assert "Text: red\nLabel: colour\n" in shown
    assert shown.endswith("\n\nText: a horse\nLabel:")


def test_the_preview_is_light():
    code = (
        "import sys, core.prompts.preview; "
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
