"""Pieces of code that several interventions write for the user. Private; not an intervention."""

from __future__ import annotations

import textwrap

from defib.evidence import Book, E
from defib.probes.activations import ActivationFacts
from defib.probes.head import HeadFacts
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.probes.training import TrainingFacts

OPTIMIZERS = {
    "keras": {
        **{"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad"},
        **{"adadelta": "Adadelta", "nadam": "Nadam", "adamax": "Adamax", "ftrl": "Ftrl", "lion": "Lion"},
    },
    "torch": {
        **{"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad"},
        **{"adadelta": "Adadelta", "nadam": "NAdam", "adamax": "Adamax", "lbfgs": "LBFGS", "radam": "RAdam"},
    },
}
KERAS_LOSSES = frozenset(
    {
        *("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "mse", "mae"),
        *("mean_squared_error", "mean_absolute_error", "hinge", "huber", "poisson"),
    }
)


def maybe(book: Book, kind: type[E]) -> E | None:
    """The evidence, or ``None``."""
    return book.get(kind) if book.has(kind) else None


def lines(text: str) -> str:
    """The block without its indentation and outer line breaks.

    >>> lines("    a = 1").splitlines()
    ['a = 1']
    """
    return textwrap.dedent(text).strip("\n")


def by_framework(framework: str, *, keras: str, torch: str, sklearn: str | None = None, jax: str | None = None) -> str:
    """The block for this framework.

    scikit-learn and JAX read the Keras one where both are plain NumPy, the NumPy adapter the PyTorch one.
    """
    if framework == "jax":
        return lines(keras if jax is None else jax)
    if framework == "own":
        plain = not any(word in keras for word in ("keras", "tf.", "model.fit", "model.compile", "model.predict"))
        return lines(keras) if plain else "# how this is written is up to your own framework"
    if framework == "sklearn":
        return lines(keras if sklearn is None else sklearn)
    return lines(keras if framework == "keras" else torch)


def learning_rate(book: Book) -> float | None:
    """The recorded learning rate."""
    training = maybe(book, TrainingFacts)
    return training.learning_rate if training is not None else None


def optimizer_call(book: Book, framework: str, rate: str) -> str:
    """An expression that makes the recorded optimizer with another learning rate."""
    training = maybe(book, TrainingFacts)
    names = OPTIMIZERS["keras" if framework == "keras" else "torch"]
    name = names.get((training.optimizer if training is not None else None) or "adam", "Adam")
    if framework == "jax":
        return f"optax.{(training.optimizer if training is not None else None) or 'adam'}({rate})"
    if framework == "keras":
        return f"keras.optimizers.{name}(learning_rate={rate})"
    return f"torch.optim.{name}(model.parameters(), lr={rate})"


def recorded_optimizer(book: Book, framework: str) -> str:
    """An expression for the optimizer as it was: of a new one, since the old one holds the old weights."""
    rate = learning_rate(book)
    return optimizer_call(book, framework, f"{rate:.4g}") if rate is not None else "model.optimizer"


def keras_loss(book: Book) -> str:
    """The recorded loss as an expression."""
    head = maybe(book, HeadFacts)
    return f'"{head.loss}"' if head is not None and head.loss in KERAS_LOSSES else "model.loss"


def is_array_of_one_unit(book: Book) -> bool:
    """Whether all cells of a row share one unit (pixels): then one mean and one sd serve all of them."""
    inputs = maybe(book, InputFacts)
    return inputs is not None and inputs.kind == "image"


def hidden_activation(book: Book) -> str:
    """The activation of the hidden layers, where they all have one; else ``relu``."""
    facts = maybe(book, ActivationFacts)
    names = set() if facts is None else set(facts.hidden_activations)
    return names.pop() if len(names) == 1 else "relu"


def hidden_units(book: Book) -> int:
    """Units of the hidden layers, where they all have as many; else 64."""
    facts = maybe(book, ActivationFacts)
    hidden = () if facts is None else [one for one in facts.end if one.kind == "dense"][:-1]
    sizes = {one.units for one in hidden}
    return (sizes.pop() if len(sizes) == 1 else None) or 64


def n_epochs(book: Book) -> int | None:
    """How many epochs the user ran."""
    training = maybe(book, TrainingFacts)
    return training.n_epochs if training is not None else None


def base_rate(book: Book) -> float | None:
    """Share of the positive (last) class of two, in [0, 1]."""
    labels = maybe(book, LabelFacts)
    return labels.class_prior[-1] if labels is not None and len(labels.class_prior) == 2 else None
