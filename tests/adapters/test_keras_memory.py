"""Models in memory: what is read from them, and messages for what cannot be taken."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from defib.adapters import subject_of
from defib.adapters.keras import subject_from_model
from defib.errors import DefibError
from defib.recipe import Arm, Recipe
from tests.adapters.keras_models import FLAVORS, load, mlp, rows


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def test_epochs_and_batch_size_are_read_from_the_last_fit(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    model.fit(X, y, epochs=3, batch_size=8, verbose=0)
    subject = subject_from_model(model, X, y, X_predict=X[:5])
    assert (subject.recipe.n_epochs, subject.recipe.batch_size, subject.recipe.n_updates) == (3, 8, 12)
    assert subject.prediction is not None
    assert len(subject.prediction) == 5
    assert subject.recipe.optimizer is not None
    assert (subject.recipe.optimizer.name, round(subject.recipe.optimizer.learning_rate, 6)) == ("sgd", 0.1)
    assert "initial weights are not known" in subject.trace.notes[0]
    assert subject.can_train(Arm()) is None


def test_batches_are_their_rows_and_a_generator_is_refused() -> None:
    module = load(FLAVORS[0])
    model, (X, y) = mlp(module), rows()

    class Batches(module.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return X[index * 8 : index * 8 + 8], y[index * 8 : index * 8 + 8]

    found = subject_of(model, Batches(), recipe=Recipe())
    assert found.training is not None
    np.testing.assert_array_equal(found.training.X, X)
    assert found.training.y is not None
    np.testing.assert_array_equal(found.training.y.ravel(), y.ravel())
    with pytest.raises(DefibError, match="gives its batches once") as raised:
        subject_of(model, ((X, y) for _ in range(3)), recipe=Recipe())
    assert raised.value.slug == "used-up"


def test_a_model_that_was_not_compiled_says_so(keras: Any) -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    X, y = rows()
    model(X[:1])
    subject = subject_from_model(model, X, y, epochs=1)
    assert subject.recipe.missing == ("the loss", "the optimizer")
    assert subject.can_train(Arm()) == "the model is not compiled with a loss"
    assert subject.forward(X).outputs.shape == (32, 1)


def several(keras: Any, inputs: int, outputs: int) -> Any:
    doors = [keras.Input((3,)) for _ in range(inputs)]
    x = keras.layers.Add()(doors) if inputs > 1 else doors[0]
    return keras.Model(doors if inputs > 1 else doors[0], [keras.layers.Dense(1)(x) for _ in range(outputs)])


@pytest.mark.parametrize(
    ("slug", "model", "X", "y"),
    [
        ("uninitialized-model", lambda keras: keras.Sequential([keras.layers.Dense(1)]), np.ones((4, 3)), np.ones(4)),
        ("several-inputs", lambda keras: several(keras, 2, 1), np.ones((4, 3)), np.ones(4)),
        ("several-inputs", mlp, [np.ones((4, 3)), np.ones((4, 3))], np.ones(4)),
        ("no-rows", mlp, np.ones((0, 3)), np.ones(0)),
        ("unequal-lengths", mlp, np.ones((4, 3)), np.ones(5)),
    ],
)
def test_messages(keras: Any, slug: str, model: Any, X: Any, y: Any) -> None:
    with pytest.raises(DefibError) as caught:
        subject_from_model(model(keras), X, y)
    assert caught.value.slug == slug
    assert caught.value.write


@pytest.mark.parametrize(
    ("y", "output"),
    [(np.ones(4), None), ([np.ones(4), np.arange(4.0)], "third"), ([np.ones(4), np.arange(4.0)], 2)],
    ids=["one array", "no such name", "no such number"],
)
def test_of_several_outputs_it_is_said_what_is_wanted(keras: Any, y: Any, output: str | int | None) -> None:
    model = several(keras, 1, 2)
    model.compile("sgd", "mse")
    with pytest.raises(DefibError) as caught:
        subject_of(model, np.ones((4, 3)), y, recipe=Recipe(output=output))
    assert caught.value.slug == "several-outputs"


def test_of_several_outputs_one_is_chosen(keras: Any) -> None:
    model = several(keras, 1, 2)
    model.compile("sgd", "mse")
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 0, bias])
    X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    names = [str(name) for name in model.output_names]
    recipe = Recipe(epochs=1)
    flat = subject_of(model, X, [X[:, 0], X[:, 1]], recipe=recipe)
    assert flat.recipe.output == names[1]
    np.testing.assert_array_equal(flat.training.y, X[:, 1])  # type: ignore[union-attr]
    assert any(names[0] in note for note in flat.trace.notes)
    assert flat.can_train(Arm()) is None
    for output in (0, names[0]):
        named = subject_of(model, X, [X[:, 0], X[:, 1]], recipe=replace(recipe, output=output))
        assert named.recipe.output == names[0]
