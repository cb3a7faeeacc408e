"""DF603 weights-not-loaded: the network that predicts does not hold the weights that were trained.

## What it is
The network is built again for prediction and nothing is loaded into it; or a load finds none of its names in the file
(`strict=False`, `skip_mismatch=True`, `by_name=True`, a `module.` in front of every name) and says so in a message that
nobody reads; or a pretrained encoder is loaded that way and stays frozen at random values. Or what predicts is a
running average of the weights whose decay is too slow for so short a training, or a copy from its first steps.

## Why every prediction is the same
A freshly drawn network answers nearly the same for every row (spread .0002 to .05), however well the other one learnt.

## Evidence for
- The network that predicted is another object than the trained one, and its weights have no correlation with the
  trained ones (or are bit-equal to those from before the training).
- Or its weights have gone less than half of the way from the initial weights to the trained ones.
- A load that filled less than half of the weights, while those left out never moved.
- The trained weights tell the same rows apart.
- Check: `print(model.load_state_dict(state, strict=False))`; predict the same rows with the trained object.

## Evidence against
- The network that predicted is the trained one, or holds a copy or a running average that has caught up with it.
- The load filled every weight, or the training moved what the load had left.

## Look-alikes
- frozen-parameters (DF701): nothing was to be loaded; what is frozen was meant to learn.
- undertrained (DF506), parameters-not-in-optimizer (DF703): the training itself left a fresh network.
- preprocessing-skew (DF802): the right weights, and rows prepared otherwise.

## Example
```python
torch.save(nn.DataParallel(net).state_dict(), "weights.pt")          # every name starts with "module."
net.load_state_dict(torch.load("weights.pt"), strict=False)          # fills nothing, raises nothing
```

## Fix
Load with `strict=True` (Keras: without `skip_mismatch` and `by_name`), and mend the names it then complains of; predict
with the object that was trained. An average over the weights: let its decay grow with the steps, as in the code, or
predict with the trained weights while it lags.

## Known problems
Only loads through `load_state_dict`, `load_weights` and `set_weights` are seen. A program that only loads and predicts,
and trains nothing, is not looked at.

## References
- PyTorch, Saving and loading models (the key mismatch): https://pytorch.org/tutorials/beginner/saving_loading_models.html
- "module." in front of every key: https://discuss.pytorch.org/t/solved-keyerror-unexpected-key-module-encoder-embedding-weight-in-state-dict/1686
- Keras, Whole-model saving and weights-only saving: https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, lags, num, seen, served_by_another, served_fine
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.measures.likeness import UNCHANGED
from defib.probes.loading import LoadingFacts
from defib.served import MOSTLY_FILLED
from defib.wording import percent


def _filled(facts: LoadingFacts) -> str:
    if facts.filled_fraction is None:
        return "nothing was seen to be loaded into it"
    names = f": the file has no {facts.left[0]}" if facts.left else ""
    found = f" (it has {facts.unexpected[0]})" if facts.left and facts.unexpected else ""
    share = "none" if facts.filled_fraction == 0 else percent(facts.filled_fraction)
    return f"{facts.how} filled {share} of the weights{names}{found}"


def _another(facts: LoadingFacts, numbers: dict[str, float], as_flat: bool) -> Assessment:
    """Another instance predicted, with other weights."""
    if (facts.filled_fraction or 0.0) >= MOSTLY_FILLED and not lags(facts):
        because = f"another instance predicted, and {_filled(facts)} from a file that is not this training's"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    if (facts.likeness_to_initial or 0.0) >= UNCHANGED:
        what = "holds the weights from before the training"
    elif lags(facts):
        numbers["way_from_initial_to_trained"] = facts.way or 0.0
        what = (
            f"has gone {percent(facts.way or 0.0)} of the way from the initial weights to the trained ones, as an "
            "average that is too slow for so short a training does, or an early copy"
        )
    elif facts.other_shapes:
        share = "none" if not facts.filled_fraction else percent(facts.filled_fraction)
        what = f"has weights of other shapes, so that {facts.how} filled {share} of them and left out the rest"
    else:
        n, r = count(facts.n_weights, "weight"), num(facts.likeness_to_trained)
        what = f"has nothing in common with the trained one (correlation of the {n} {r}), and {_filled(facts)}"
    who = (
        f"the network that predicted is another {'one' if facts.other_shapes else 'instance'} than the trained one: it"
    )
    if facts.put_in:
        who = "for the prediction other weights were put into the network, a copy that"
    because = f"{who} {what}"
    if facts.as_drawn is False and (facts.likeness_to_initial or 0.0) < UNCHANGED and not lags(facts):
        return inconclusive(f"{because}; but it is not freshly drawn, either", weight=0.4, layer=None, **numbers)
    if as_flat:
        return inconclusive(
            f"{because}; but the trained weights are as flat on these rows", weight=0.4, layer=None, **numbers
        )
    return by_itself(supported(because, weight=1.0, layer=None, **numbers))


def _assess(book: Book) -> Assessment:
    facts = book.get(LoadingFacts)
    numbers = (
        {"likeness_to_trained": facts.likeness_to_trained} if facts.another_instance and not facts.other_shapes else {}
    )
    if facts.filled_fraction is not None:
        numbers["filled_fraction"] = facts.filled_fraction
    if facts.trained_spread is not None and facts.another_instance:
        numbers["spread_of_the_trained_weights"] = facts.trained_spread
    if calm := served_fine(book):
        return calm
    unchanged = (facts.likeness_to_initial or 0.0) >= UNCHANGED > facts.likeness_to_trained
    if facts.another_instance and (served_by_another(book) or unchanged):
        return _another(facts, numbers, as_flat=bool(facts.trained_flat) and seen(book).is_flat)
    if facts.untouched_fraction >= MOSTLY_FILLED:
        because = (
            f"{_filled(facts)}, and {percent(facts.untouched_fraction)} of all weights stayed as they were drawn: "
            "they were not trained either"
        )
        numbers["untouched_fraction"] = facts.untouched_fraction
        return by_itself(supported(because, weight=0.95, layer=None, **numbers))
    if facts.untouched_fraction > 0:
        because = f"{percent(facts.untouched_fraction)} of the weights were neither loaded nor trained"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    who = "another instance predicted" if facts.another_instance else "the trained network itself predicted"
    like = num(facts.likeness_to_trained)
    return ruled_out(f"{who}, with the trained weights (correlation {like})", layer=None, **numbers)


CAUSE = Cause(
    code="DF603",
    name="weights-not-loaded",
    stage="initialization",
    assess=_assess,
    fixes=("load-weights",),
    contrast={},
    explains=("DF701", "DF502", "DF506", "DF902", "DF703", "DF403", "DF404", "DF901"),
    look_alikes=("DF701", "DF506", "DF703", "DF802"),
    when_varied=True,
    makes_nan=True,
)
