"""DF105 class-imbalance: one class is rare, and the hard label at 0.5 therefore never changes.

## What it is
With 1 % positives a good model rarely says "more likely than not". The probabilities differ and rank the rows; only
the label cut at 0.5 is constant. The network is not collapsed.

## Why every prediction is the same
Only the *labels* are. A calibrated probability exceeds 0.5 only where positives outnumber negatives, and with rare
classes there may be no such place. Accuracy rewards it: "always no" scores 99 %.

## Evidence for
- One hard label on all rows, and an AUC well above .5 on rows not trained on.
- The logits have a normal spread (above 0.3); the largest class holds 80 % of the rows or more.
- Check: `roc_auc_score(y_test, p)`; sort the rows by `p` and count the positives in the top 1 %.

## Evidence against
- The probabilities do not rank: then imbalance is a circumstance and the cause is another (unscaled inputs, a head
  without gradient, NaN). Class weights will not help.
- The probabilities are (nearly) equal: that is a collapse.
- What every row is answered with is not the largest class: a class weight, not rarity, moved the threshold.

## Look-alikes
- threshold-only (DF902): the same with classes of similar size.
- unscaled-inputs (DF101), nan-inputs (DF103): "imbalance" is what they are usually taken for.
- undertrained (DF506): ranks a little, with logits that have hardly left their start.

## Example
```python
p = model.predict(X_test)                         # 0.001 .. 0.31
print((p > 0.5).sum())                            # 0 of 10,000, with an AUC of .91
```

## Fix
Cut where the costs say, or at the base rate, not at 0.5; judge by AUC, average precision or costs. Class weights or a
balanced subsample move the threshold too, and cost calibration.

## Known problems
Very rare classes leave few positives among the held-out rows; the interval of the skill says how much is known.

## References
- Elkan, The Foundations of Cost-Sensitive Learning (2001): https://dl.acm.org/doi/10.5555/1642194.1642224
- He and Garcia, Learning from Imbalanced Data (2009): https://doi.org/10.1109/TKDE.2008.239
- 99.6 % accuracy from all zeros: https://github.com/keras-team/keras/issues/3378
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import NORMAL_LOGIT_SPREAD, logit_spread, maybe, num, ranking, ranks, seen
from defib.causes._where import classes_clause, drowned, is_rarer, weighed_clause
from defib.diagnosis import Assessment, inconclusive, located, not_applicable, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.wording import percent

RARE = 0.8
"""Largest class prior from which on a calibrated model may never cross 0.5 although it ranks."""


def _assess(book: Book) -> Assessment:
    labels, symptom = book.get(LabelFacts), seen(book)
    if labels.task == "regression" or len(labels.class_prior) < 2:
        return not_applicable("the labels are not classes of different size")
    largest = max(labels.class_prior)
    numbers = {"largest_class_prior": largest, "hard_label_share": symptom.hard_label_share or 0.0}
    if labels.task == "multilabel":
        largest = 1 - min(labels.class_prior)
    if largest < RARE:
        return ruled_out(f"the largest class holds {percent(largest)} of the rows", layer=None, **numbers)
    if symptom.is_flat:
        because = f"the probabilities themselves are (nearly) equal (spread {num(symptom.prediction_spread)})"
        return ruled_out(because, prediction_spread=symptom.prediction_spread, layer=None, **numbers)
    if symptom.pattern != "one_class":
        return ruled_out("the predictions take more than one hard label", layer=None, **numbers)
    if is_rarer(book):
        return ruled_out(f"what is answered is not the largest class{classes_clause(book)}", layer=None, **numbers)
    if symptom.skill is None:
        raise Missing("SymptomFacts", "labels of the predicted rows, to see whether the probabilities rank")
    spread = logit_spread(book)
    numbers = {"skill": symptom.skill.value, "logit_spread": spread, **numbers}
    if not ranks(book):
        return ruled_out(
            "the probabilities do not rank the rows, so the threshold is not what hides them", layer=None, **numbers
        )
    head = maybe(book, HeadFacts)
    if (head is not None and head.activations_before_loss > 1) or spread < NORMAL_LOGIT_SPREAD:
        return inconclusive(
            "the probabilities rank, but lie unusually close together", weight=0.25, layer=None, **numbers
        )
    because = (
        f"the probabilities rank the rows ({ranking(symptom.skill)}) and stay on one side of the threshold "
        f"because {percent(largest)} of the rows are of one class{classes_clause(book)}{weighed_clause(book)}"
    )
    weight = 0.95 if symptom.skill.rows != "training" else 0.7
    return located(supported(because, weight=weight, layer=None, **numbers), *drowned(book))


CAUSE = Cause(
    code="DF105",
    name="class-imbalance",
    stage="data",
    assess=_assess,
    fixes=("lower-threshold",),
    contrast={},
    explains=("DF902",),
    look_alikes=("DF902", "DF101", "DF103", "DF506"),
    when_varied=True,
)
