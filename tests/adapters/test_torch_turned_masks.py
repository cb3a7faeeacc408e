"""A mask turned around in a clone gives what the network gives whose mask was right from the start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.recipe import Arm, Recipe
from defib.subject import Rows

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(2, 6, 40)
TOKENS = np.where(np.arange(7) < LENGTHS[:, None], RNG.integers(1, 9, (40, 7)), 0)
Y = RNG.integers(0, 2, 40).astype(np.float32)[:, None]
TURNED = Arm(stop_after=0).with_edit("turned_masks")


class Reader(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Reads tokens by one kind of mask, right or wrong."""

    def __init__(self, kind: str, wrong: bool) -> None:
        super().__init__()
        self.kind, self.wrong = kind, wrong
        self.embedding = nn.Embedding(9, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.score, self.head = nn.Linear(8, 1), nn.Linear(8, 1)

    def forward(self, tokens: Any) -> Any:
        words = (tokens != 0) ^ self.wrong
        h = self.embedding(tokens)
        if self.kind == "padding":
            h, _ = self.attention(h[:, :1], h, h, key_padding_mask=~words)
        elif self.kind == "encoder":
            h = self.encoder(h, src_key_padding_mask=~words)[:, :1]
        elif self.kind == "scaled":
            h = nn.functional.scaled_dot_product_attention(h[:, :1], h, h, attn_mask=words[:, None])
        elif self.kind == "filled":
            weights = self.score(h).squeeze(-1).masked_fill(~words, -1e9).softmax(1)
            h = weights[..., None] * h
        elif self.kind == "product":
            h = h * words.float()[..., None]
        elif self.kind == "causal":
            ahead = torch.ones(7, 7, dtype=torch.bool).triu(1)
            h, _ = self.attention(h, h, h, attn_mask=ahead)
        return self.head(h.sum(1))


def subject(kind: str, wrong: bool) -> Any:
    torch.manual_seed(0)
    net = Reader(kind, wrong)
    recipe = Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    return subject_of(net, TOKENS, Y, recipe=recipe)


@pytest.mark.parametrize("kind", ["padding", "encoder", "scaled", "filled", "product"])
def test_a_wrong_mask_turned_around_is_the_right_one(kind: str) -> None:
    wrong, right = subject(kind, True), subject(kind, False)
    rows = Rows(TOKENS, Y)
    expected = right.train(Arm(stop_after=0), rows, seed=0).predict(TOKENS)
    assert np.abs(wrong.train(Arm(stop_after=0), rows, seed=0).predict(TOKENS) - expected).max() > 1e-3
    np.testing.assert_allclose(wrong.train(TURNED, rows, seed=0).predict(TOKENS), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["causal", "none"])
def test_without_a_mask_of_the_rows_there_is_nothing_to_turn(kind: str) -> None:
    assert "no step of the model masks positions" in (subject(kind, False).can_train(TURNED) or "")
