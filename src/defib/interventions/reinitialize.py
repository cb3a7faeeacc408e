"""Draw all weights anew by the framework's default initializers."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, hidden_activation, hidden_units
from defib.probes.initialization import InitializationFacts
from defib.recipe import Arm


def _code(book: Book, framework: str) -> str:
    if book.has(InitializationFacts) and book.get(InitializationFacts).plain_tables:
        return _table(framework)
    return by_framework(
        framework,
        jax="""
        # leave kernel_init and bias_init out: the defaults fit
        nnx.Linear(64, 64, rngs=rngs)
        """,
        keras=f"""
        # leave kernel_initializer and bias_initializer out: the defaults fit
        keras.layers.Dense({hidden_units(book)}, activation="{hidden_activation(book)}")
        """,
        torch="""
        # in place of the hand-made initialization
        for module in model.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        # of tensors that belong to no module: torch.nn.init.xavier_uniform_(w)
        """,
        sklearn="""
        # a fresh estimator: its weights are drawn when it is fitted
        model = sklearn.base.clone(model).set_params(warm_start=False)
        model.fit(X_train, y_train)
        """,
    )


def _table(framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        # leave embedding_init out: the default fits. Of pretrained vectors, count the words that were found:
        print(sum(word in vectors for word in vocabulary), "of", len(vocabulary))
        """,
        keras="""
        # leave weights= and embeddings_initializer= out: the default fits
        keras.layers.Embedding(vocabulary_size, 64)
        # of pretrained vectors, count the words that were found (none: other case, or a file that was not read)
        print(sum(word in vectors for word in vocabulary), "of", len(vocabulary))
        """,
        torch="""
        embedding.reset_parameters()  # in place of the hand-made table
        # of pretrained vectors, count the words that were found (none: other case, or a file that was not read)
        print(sum(word in vectors for word in vocabulary), "of", len(vocabulary))
        """,
    )


INTERVENTION = Intervention(
    name="reinitialize",
    does="draw all weights anew by the framework's default initializers",
    kind="train",
    arm=lambda book: Arm().with_edit("reinitialize", "default"),
    code=_code,
    size=2,
)
