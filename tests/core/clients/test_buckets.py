"""Token buckets as each vendor counts them, in one convention."""

from typing import Any

import pytest

from core.clients.buckets import read_buckets
from core.methods.base import Tokens


@pytest.mark.parametrize(
    ("usage", "buckets"),
    [
        # OpenAI: cached inside the prompt, reasoning inside the completion
        ({"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300,
          "prompt_tokens_details": {"cached_tokens": 600}, "completion_tokens_details": {"reasoning_tokens": 250}},
         Tokens(1000, 600, 50, 250)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, Tokens(10, 0, 5, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": None}, Tokens(10, 0, 5, 0)),
        # Gemini: thoughts are what the total has beyond both
        ({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 190}, Tokens(100, 0, 20, 70)),
        # xAI: reasoning beside the completion
        ({"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 338,
          "completion_tokens_details": {"reasoning_tokens": 300}}, Tokens(30, 0, 8, 300)),
        # Anthropic: cached beside the input
        ({"input_tokens": 40, "output_tokens": 9, "cache_read_input_tokens": 500, "cache_creation_input_tokens": 60},
         Tokens(600, 500, 9, 0)),
        ({"prompt_tokens": 40, "completion_tokens": 9, "cache_read_input_tokens": 500, "total_tokens": 549},
         Tokens(540, 500, 9, 0)),
        # DeepSeek: cached inside, under another name
        ({"prompt_tokens": 90, "completion_tokens": 9, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 26},
         Tokens(90, 64, 9, 0)),
        # the Responses API of OpenAI
        ({"input_tokens": 90, "output_tokens": 29, "input_tokens_details": {"cached_tokens": 64},
          "output_tokens_details": {"reasoning_tokens": 20}}, Tokens(90, 64, 9, 20)),
        # nothing that can be read is unknown, never 0
        (None, None), ({}, None), ("many", None), ({"prompt_tokens": "10", "completion_tokens": 5}, None),
        ({"prompt_tokens": 10}, None), ({"prompt_tokens": -1, "completion_tokens": 5}, None),
    ],
)  # fmt: skip
def test_buckets(usage: Any, buckets: Tokens | None) -> None:
    assert read_buckets(usage) == buckets
