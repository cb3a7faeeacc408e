"""DF902 threshold-only: the outputs rank the rows well and all lie on one side of the threshold.

## What it is
The probabilities are fine as a ranking and off as a level: a class weight, a balanced training set for rare events, a
shifted bias, a calibration that was lost. Cut at 0.5, all rows get one label.

## Why every prediction is the same
Only the labels are. The probabilities vary and order the rows.

## Evidence for
- One hard label on all rows; skill (AUC above .5) with an interval above chance; logits with a normal spread.
- Weights of the classes in the loss: divided out of the probabilities, they give back several labels.
- Check: `roc_auc_score(y, p)`; sort the rows by `p`.

## Evidence against
- Near-constant outputs that rank a little: double-activation, a deep sigmoid stack or too little training squeezes
  them; that is a fault, and a threshold would only hide it.
- No skill; several labels.

## Look-alikes
- class-imbalance (DF105): the same because one class is rare.
- double-activation (DF302): probabilities confined to .5 to .73, all "positive".
- undertrained (DF506): logits that have hardly left their start.

## Example
```python
model.fit(X, y, class_weight={0: 1, 1: 15})
(model.predict(X_test) > 0.5).mean()              # 1.0, with an AUC of .87
```

## Fix
Choose the threshold on held-out rows by what errors cost (or at the base rate), or calibrate the probabilities.

## Known problems
Which threshold is right is a question of costs that no measurement here answers.

## References
- Niculescu-Mizil and Caruana, Predicting Good Probabilities (2005): https://doi.org/10.1145/1102351.1102430
- Same class, ranking at 99 %: https://stackoverflow.com/questions/43876301
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import (
    NORMAL_LOGIT_SPREAD,
    logit_spread,
    maybe,
    num,
    ranking,
    ranks,
    seen,
    served_on_another_scale,
    served_unknown_tokens,
    untouched,
)
from defib.causes._where import answered, classes_clause, is_rarer, weighed_clause
from defib.diagnosis import Assessment, inconclusive, located, not_applicable, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts

RARE = 0.8
"""Largest class prior from which on the threshold is missed because a class is rare (class-imbalance)."""

PRESSED = 0.95
"""Share of the rows with one label from which on weights of the classes, where they bring it about, are the matter."""


def _assess(book: Book) -> Assessment:
    symptom, labels = seen(book), maybe(book, LabelFacts)
    if symptom.output_kind == "value":
        return not_applicable("the outputs are values, not classes")
    one = symptom.pattern == "one_class"
    pressed = (symptom.hard_label_share or 0.0) >= PRESSED and bool(weighed_clause(book))
    if not one and not pressed:
        what = "are (nearly) equal themselves" if symptom.is_flat else "take more than one hard label"
        return ruled_out(f"the predictions {what}", prediction_spread=symptom.prediction_spread)
    if served_on_another_scale(book) or served_unknown_tokens(book):
        return ruled_out("the outputs rank rows as trained on; the rows served are others")
    if symptom.skill is None:
        raise Missing("SymptomFacts", "labels of the predicted rows, to see whether the outputs rank")
    skill, spread = symptom.skill.value, logit_spread(book)
    numbers = {"skill": skill, "logit_spread": spread, "prediction_spread": symptom.prediction_spread}
    if not ranks(book):
        why = (
            "no weight ever moved, so a ranking is luck"
            if untouched(book)
            else "the outputs do not rank the rows either"
        )
        return ruled_out(why, layer=None, **numbers)
    head = maybe(book, HeadFacts)
    if (head is not None and head.activations_before_loss > 1) or spread < NORMAL_LOGIT_SPREAD:
        because = (
            f"the outputs rank ({ranking(symptom.skill)}) but lie unusually close together (logit spread {num(spread)})"
        )
        return inconclusive(because, weight=0.25, layer=None, **numbers)
    if labels is not None and max(labels.class_prior, default=0.0) >= RARE and not is_rarer(book):
        return inconclusive(
            "the outputs rank, and one class is rare enough to explain it", weight=0.3, layer=None, **numbers
        )
    because = (
        f"the outputs rank the rows ({ranking(symptom.skill)}, logit spread {num(spread)}) on one side of the "
        f"threshold{classes_clause(book) if one else ''}{weighed_clause(book)}"
    )
    weight = 0.95 if symptom.skill.rows != "training" else 0.7
    return located(supported(because, weight=weight, layer=None, **numbers), answered(book))


CAUSE = Cause(
    code="DF902",
    name="threshold-only",
    stage="nothing_wrong",
    assess=_assess,
    fixes=("lower-threshold",),
    contrast={},
    explains=(),
    look_alikes=("DF105", "DF302", "DF506"),
    when_varied=True,
)
