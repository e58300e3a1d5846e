"""Settings of models behind an API."""

from typing import Literal

from pydantic import Field

from core.methods.settings.prompt import WordedSettings


class ApiPromptSettings(WordedSettings):
    """Asking a model that a provider or a server runs, through its OpenAI-compatible API."""

    endpoint: str = Field(
        "openai", min_length=1, max_length=60,
        description="Which endpoint answers: openai, ollama, vllm, … or one that you added in Settings",
    )  # fmt: skip
    structured: bool = Field(
        True, description="Have the endpoint hold answers to the JSON schema (style json), where it can"
    )
    instruction: str = Field(
        "", max_length=4000,
        description="What to ask, in your words, {labels} standing for the label list ({slots} for slot names); "
        "empty takes the standard instruction",
    )  # fmt: skip
    temperature: float = Field(0.0, ge=0, le=2, description="0 takes the likeliest answer; higher varies more")
    max_new_tokens: int = Field(
        512, ge=1, le=32_768, description="Most tokens the model may write for a text, hidden reasoning included"
    )
    max_text_characters: int = Field(
        8000, ge=50, le=1_000_000, description="Longer texts are cut after this many characters"
    )
    samples: int = Field(
        1, ge=1, le=50, description="Answers asked for each text; the majority counts (set a temperature above 0)"
    )
    invalid: Literal["wrong", "retry", "majority", "exclude"] = Field(
        "wrong",
        description="An answer that cannot be read counts as wrong, is asked for again, is put to a vote of further "
        "answers, or is left out of the scores",
    )
    retries: int = Field(3, ge=1, le=20, description="Further answers asked for where one cannot be read")
    logprobs: int = Field(
        5, ge=0, le=20,
        description="Alternatives a token whose probabilities are asked for, where offered; 0 asks for none",
    )  # fmt: skip
    concurrency: int = Field(0, ge=0, le=256, description="Most requests at once; 0 takes the endpoint's own number")
    timeout: float = Field(
        60.0, ge=1, le=3600, description="Seconds after which a request is given up; asked again it gets twice as long"
    )
    attempts: int = Field(
        8, ge=1, le=20, description="How often a request is tried when the endpoint is busy, broken or too slow"
    )
    batch_price: bool = Field(
        False, description="Tell costs at the endpoint's batch price (the requests themselves are billed in full)"
    )
