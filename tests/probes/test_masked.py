"""Steps without weights that hide what tells the labels, in networks that were built to have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.adapters.torch.subject import TorchSubject
from defib.causes.disconnected_input import CAUSE as DISCONNECTED
from defib.causes.signal_masked import CAUSE as MASKED
from defib.evidence import Book
from defib.interventions.wire_inputs import INTERVENTION as WIRED
from defib.probes.masked import PROBE, MaskedFacts
from defib.recipe import Recipe
from tests.causes.books import LABELS, REACH, SIGNAL, book, collapsed

RNG = np.random.default_rng(0)
N, LENGTH, PAD = 400, 10, 0
Y = (np.arange(N) % 2).astype(np.int64)
TOKENS = np.zeros((N, LENGTH), dtype=np.int64)
for _i in range(N):  # a word that tells, among others, and padding behind them
    _words = [*RNG.integers(6, 30, RNG.integers(3, 7)), RNG.integers(1, 3) if Y[_i] else RNG.integers(3, 5)]
    TOKENS[_i, : len(_words)] = RNG.permutation(_words)


class Reader(nn.Module):  # type: ignore[misc]
    """Embeds words and pools them in one of several ways."""

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.how = how
        self.embed = nn.Embedding(30, 16, padding_idx=PAD)
        self.attend = nn.MultiheadAttention(16, 2, batch_first=True)
        self.query = nn.Parameter(torch.randn(1, 1, 16))
        self.head = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x: Any) -> Any:
        words, pad = self.embed(x), x == PAD
        if self.how.startswith("attention"):
            mask = ~pad if self.how.endswith("inverted") else pad
            query = self.query.expand(len(x), -1, -1)
            return self.head(self.attend(query, words, words, key_padding_mask=mask)[0][:, 0])
        if self.how == "last":
            return self.head(words[:, -1])
        kept = pad if self.how == "product inverted" else ~pad
        return self.head((words * kept.unsqueeze(-1)).sum(1))


class Values(nn.Module):  # type: ignore[misc]
    """Looks at numbers from which it cuts off the small or the large ones first."""

    def __init__(self, keeps_small: bool) -> None:
        super().__init__()
        self.keeps_small = keeps_small
        self.head = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x: Any) -> Any:
        small = x.abs() < 4
        return self.head(x * (small if self.keeps_small else ~small))


def book_of(net: Any, X: Any, **other: Any) -> Book:
    """As if the network had come out flat, and the reference learners had found signal at the door.

    ``other`` are weights that were others at the start.
    """
    recipe = Recipe(loss=nn.CrossEntropyLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    subject = subject_of(net, X, Y, recipe=recipe)
    assert isinstance(subject, TorchSubject)
    weights = {name: one.clone() for name, one in net.state_dict().items()} | other
    subject.captured = replace(subject.captured, initial=weights)
    known = book(collapsed(), SIGNAL, LABELS, REACH)
    return replace(known, found={**known.found, MaskedFacts: PROBE.measure(subject, known)})


@pytest.mark.parametrize(
    ("how", "step"),
    [("product inverted", "embed:mul"), ("last", "embed:getitem"), ("product", None), ("attention", None)],
)
def test_rows_that_a_mask_or_a_slice_makes_equal(how: str, step: str | None) -> None:
    found = book_of(Reader(how), TOKENS)
    facts = found.get(MaskedFacts)
    assert (facts.step, facts.equal) == (step, step is not None)
    assert (MASKED.assess(found).verdict == "supported") == (step is not None)
    assert DISCONNECTED.assess(found).verdict == "ruled_out" or step is not None


class FirstOfCausal(nn.Module):  # type: ignore[misc]
    """Reads the first position, the same token in every row, of an encoder in which it sees nothing but itself."""

    def __init__(self, common: float, causal: bool = True, share: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.causal, self.share = causal, share
        self.embed = nn.Embedding(31, 16)
        self.attend = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 2)
        self.common = nn.Parameter(torch.tensor(common))

    def forward(self, x: Any) -> Any:
        words, length = self.embed(x), x.shape[1]
        unseen = torch.ones(length, length, dtype=torch.bool).triu(1) if self.causal else None
        seen = self.attend(words, words, words, attn_mask=unseen, need_weights=False)[0]
        mixed = self.norm(words + self.share * seen)
        return self.head((mixed + self.common)[:, 0])


@pytest.mark.parametrize("common", [0.0, 30.0], ids=["as at the start", "with much in common after the training"])
def test_a_position_that_sees_only_itself_stays_cut_off_while_what_rows_share_grows(common: float) -> None:
    marked = np.concatenate([np.full((N, 1), 30), TOKENS], axis=1)
    net = FirstOfCausal(common)
    found = book_of(net, marked, common=torch.tensor(0.0))
    facts = found.get(MaskedFacts)
    assert facts.equal
    assert facts.step is not None
    assert facts.step.endswith("getitem")
    said = DISCONNECTED.assess(found)
    assert (said.verdict, said.layer) == ("supported", facts.step)
    assert "brings nothing there from where the rows differ" in said.because
    assert "hidden[:, -1]" in WIRED.code(found, "torch")
    # Where the first tokens differ, the same slice leaves rows apart.
    assert not book_of(net, TOKENS, common=torch.tensor(0.0)).get(MaskedFacts).equal


@pytest.mark.parametrize("causal", [True, False])
def test_what_an_attention_brings_faintly_at_first_it_learns_to_bring(causal: bool) -> None:
    filled = RNG.integers(6, 30, (N, LENGTH))
    filled[np.arange(N), RNG.integers(1, LENGTH, N)] = Y + 1
    facts = book_of(FirstOfCausal(0.0, causal, share=0.01), filled, common=torch.tensor(0.0)).get(MaskedFacts)
    assert (facts.step is not None) == causal


def test_attention_to_the_padding_is_a_matter_of_wiring() -> None:
    found = book_of(Reader("attention inverted"), TOKENS)
    facts = found.get(MaskedFacts)
    assert facts.equal
    assert facts.attention is not None
    given = DISCONNECTED.assess(found)
    assert (given.verdict, given.layer) == ("supported", facts.attention)
    assert "hidden" not in WIRED.code(found, "torch")
    assert MASKED.assess(found).verdict != "supported"


@pytest.mark.parametrize("keeps_small", [True, False])
def test_a_mask_by_value_that_leaves_rows_apart_and_no_signal(keeps_small: bool) -> None:
    X = RNG.normal(size=(N, 6)).astype(np.float32)
    X[np.arange(N), np.arange(N) // 2 % 6] += 8.0 * np.where(Y, 1, -1)
    torch.manual_seed(0)
    facts = book_of(Values(keeps_small), X).get(MaskedFacts)
    # One large value per row tells the label; the mask that keeps the small ones leaves the noise.
    assert (facts.before == "input") == keeps_small
    assert not facts.equal


def test_a_normalization_of_one_number_behind_the_head_leaves_nothing_of_it() -> None:
    X = RNG.normal(size=(N, 6)).astype(np.float32)
    torch.manual_seed(0)
    head = [nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1)]
    known = book_of(nn.Sequential(*head, nn.LayerNorm(1)), X)
    facts = known.get(MaskedFacts)
    assert (facts.step, facts.before, facts.equal, facts.normalizes) == ("3", "2", True, True)
    said = MASKED.assess(known)
    assert (said.verdict, said.layer) == ("supported", "3")
    assert "a normalization over one number leaves 0 of it" in said.because
    assert book_of(nn.Sequential(*head), X).get(MaskedFacts).step is None
    assert (
        book_of(nn.Sequential(*head[:2], nn.LayerNorm(8), head[2], nn.BatchNorm1d(1)), X).get(MaskedFacts).step is None
    )
