"""Statistics of the training rows in place of the batch's; a softmax over the classes in place of the rows."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, maybe
from defib.probes.alone import AloneFacts
from defib.probes.modes import ModeFacts
from defib.probes.outputs import SymptomFacts

POOLED = """
    pooled = h.mean(axis=1)  # over what one row holds (points, words); axis=0 are the rows of the batch
    """


def _code(book: Book, framework: str) -> str:
    alone = maybe(book, AloneFacts)
    if alone is not None and alone.rows_pooled:
        return by_framework(framework, keras=POOLED, torch=POOLED.replace("axis=", "dim="), jax=POOLED)
    facts = maybe(book, SymptomFacts)
    ones = facts is not None and facts.symptom.equals == "exactly_one" and facts.symptom.n_outputs > 1
    if ones or (alone is not None and alone.softmax_over_rows):
        return by_framework(
            framework,
            keras="probabilities = keras.ops.softmax(logits, axis=-1)  # over the classes, not over the rows",
            torch="probabilities = torch.softmax(logits, dim=-1)  # over the classes, not over the rows",
        )
    modes = maybe(book, ModeFacts)
    if modes is not None and modes.has_batch_norm:  # it keeps them, and was told not to use them
        return by_framework(
            framework,
            keras="""
        x = batch_norm(x)  # without training=True: fit sets it, and predict meets the statistics that were kept
        """,
            torch="""
        # in F.batch_norm training=self.training, not training=True; track_running_stats=True (the default) in the layer
        model.eval()  # before predicting
        """,
        )
    return by_framework(
        framework,
        keras="""
        normalization = keras.layers.Normalization()
        normalization.adapt(X_train)  # once; it keeps mean and variance
        model = keras.Sequential([normalization, *layers])
        """,
        torch="""
        # in __init__, from the training rows; buffers are saved with the weights
        self.register_buffer("mean", X_train.mean(0))
        self.register_buffer("sd", X_train.std(0) + 1e-6)
        # in forward, in place of the batch's own:
        x = (x - self.mean) / self.sd
        """,
        jax="""
        mean, sd = X_train.mean(0), X_train.std(0) + 1e-6  # once, from the training rows
        x = (x - mean) / sd  # in the network, in place of the batch's own; the same two numbers when predicting
        """,
    )


INTERVENTION = ask(
    "keep-statistics",
    "use no numbers of the batch: statistics of the training rows kept in the network, a softmax over the classes, "
    "a mean over what one row holds",
    code=_code,
)
