"""The rows in another order in every epoch."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.training import TrainingFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    training = maybe(book, TrainingFacts)
    return "the rows are shuffled in every epoch already" if training is not None and training.shuffled else None


TOGETHER = """
# the rows of all parts together, in one fit: each epoch then sees every class
X_all, y_all = np.concatenate(all_X), np.concatenate(all_y)
model.fit(X_all, y_all)
""".strip()


def _code(book: Book, framework: str) -> str:
    if (training := maybe(book, TrainingFacts)) is not None and training.in_parts:
        return TOGETHER
    return by_framework(
        framework,
        jax="""
        for epoch in range(n_epochs):
            order = rng.permutation(len(X_train))  # a new one in every epoch
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                train_step(model, optimizer, X_train[rows], y_train[rows])
        """,
        keras="""
        model.fit(X_train, y_train, shuffle=True)  # tf.data: dataset.shuffle(len(X_train)) before batch()
        """,
        torch="""
        loader = torch.utils.data.DataLoader(dataset, batch_size=batch_size, shuffle=True)
        # batches made by hand: a new torch.randperm(len(X_train)) in every epoch
        """,
        sklearn="""
        model.set_params(shuffle=True)
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="shuffle",
    does="shuffle the rows before every epoch",
    kind="train",
    arm=lambda book: Arm(shuffle=True),
    applies=_applies,
    code=_code,
    size=1,
)
