"""The code of a fix in the names of the user's own program."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from defib.diagnosis import Fix, Hypothesis, supported
from defib.own_layer import with_own_layer
from defib.own_loader import loader_line, with_own_dataset, with_own_loader
from defib.own_names import names_in, renamed, with_imports, with_own_names, with_own_settings
from defib.own_trainers import with_own_trainer
from defib.program_text import Program, read_program
from tests.reporters.samples import FLAT_DIAGNOSIS

TORCH = """
import torch.nn as nn
from torch import optim
net = nn.Sequential(nn.Linear(8, 1))
opt = optim.Adam(net.parameters(), lr=1e-6)
lossf = nn.MSELoss()
for epoch in range(3):
    for step, (xb, yb) in enumerate(batches):
        opt.zero_grad()
        lossf(net(xb), yb).backward()
        opt.step()
"""
SELF = """
class Experiment:
    def __init__(self):
        self.opt = SGD(self.net.parameters(), lr=0.1)
    def one_step(self, xb, yb):
        self.opt.step()
"""
TWO = """
a, b = make(), make()
opt_a = SGD(a.parameters(), lr=1)
opt_b = SGD([*a.parameters(), *b.parameters()], lr=1)
"""
KERAS = "m.compile('adam', 'mse')\nm.fit(X[:80], y=t, epochs=3)\nout = m.predict(rows, verbose=0)\n"
SKLEARN = "clf = MLPClassifier(alpha=9)\nclf.fit(A, b)\n"
PIPELINE = "pipe = make_pipeline(StandardScaler(), MLPClassifier())\npipe.fit(A, b)\n"
LOOP = """optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)  # the optimizer of the model
for inputs, targets in loader:
    criterion(model(inputs), targets).backward()
    optimizer.step()
"""


def program(tmp_path: Path, text: str) -> Program:
    file = tmp_path / "train.py"
    file.write_text(text)
    found = read_program(str(file))
    assert found is not None
    return found


def line_of(text: str, piece: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if piece in line), 0)


def names(tmp_path: Path, text: str, framework: str = "torch") -> dict[str, str]:
    pieces = {"optimizer": "lr=", "step": ".step()", "fit": ".fit(", "predict": ".predict("}
    return names_in(program(tmp_path, text), {call: line_of(text, piece) for call, piece in pieces.items()}, framework)


def test_names_of_a_torch_loop(tmp_path: Path) -> None:
    assert names(tmp_path, TORCH) == {
        "optimizer": "opt",
        "model": "net",
        "criterion": "lossf",
        "inputs": "xb",
        "targets": "yb",
        "loader": "batches",
    }


@pytest.mark.parametrize(
    ("text", "framework", "found"),
    [
        (SELF, "torch", {"optimizer": "self.opt", "model": "self.net"}),
        (KERAS, "keras", {"model": "m", "X_train": "X[:80]", "y_train": "t", "X_new": "rows"}),
        (SKLEARN, "sklearn", {"model": "clf", "X_train": "A", "y_train": "b"}),
        (PIPELINE, "sklearn", {"model": "pipe", "X_train": "A", "y_train": "b"}),
        ("m.fit(X, y)\nm.predict(X)\n", "keras", {"model": "m", "y_train": "y"}),  # X cannot be both
        ("m.fit(data, epochs=3)\nm.predict(more)\n", "keras", {"model": "m"}),  # a data set is no array
        (
            "p = cross_val_predict(clf, A, b, cv=4)  # .fit(\n",
            "sklearn",
            {"model": "clf", "X_train": "A", "y_train": "b"},
        ),
        (KERAS, "jax", {}),
        ("both = {'a': A, 'b': B}\nm.fit(both, t)\n", "keras", {"model": "m", "y_train": "t"}),  # not to be sliced
    ],
    ids=["attributes", "keras", "sklearn", "pipeline", "same rows", "data set", "folds", "jax", "several inputs"],
)
def test_names_of_other_programs(tmp_path: Path, text: str, framework: str, found: dict[str, str]) -> None:
    assert names(tmp_path, text, framework) == found


def test_of_two_optimizers_the_recorded_one(tmp_path: Path) -> None:
    """Whose weights the second one holds cannot be said in one name."""
    read = program(tmp_path, TWO)
    assert names_in(read, {"optimizer": line_of(TWO, "opt_a")}, "torch") == {"optimizer": "opt_a", "model": "a"}
    assert names_in(read, {"optimizer": line_of(TWO, "opt_b")}, "torch") == {"optimizer": "opt_b"}
    assert names_in(read, {}, "torch") == {}


def test_a_loop_is_renamed(tmp_path: Path) -> None:
    assert renamed(LOOP, names(tmp_path, TORCH)) == (
        "opt = torch.optim.Adam(net.parameters(), lr=0.0001)  # the optimizer of the model\n"
        "for xb, yb in batches:\n    lossf(net(xb), yb).backward()\n    opt.step()\n"
    )


@pytest.mark.parametrize(
    ("code", "given", "shown"),
    [
        ("f(optimizer=model.optimizer)", {"optimizer": "opt", "model": "m"}, "f(optimizer=m.optimizer)"),
        ("X_train = X_train / sd", {"X_train": "X[:80]"}, "X_train = X_train / sd"),  # a slice cannot be bound
        ("mean = X_train.mean()", {"X_train": "mean"}, "mean = X_train.mean()"),  # would overwrite its own input
        ("model.fit(", {"model": "m"}, "model.fit("),  # no whole program
    ],
    ids=["keywords and attributes", "slice", "taken", "broken"],
)  # fmt: skip
def test_what_is_not_renamed(code: str, given: dict[str, str], shown: str) -> None:
    assert renamed(code, given) == shown


@pytest.mark.parametrize(
    ("text", "code", "first"),
    [
        (TORCH, "opt = torch.optim.SGD(net.parameters())", "import torch"),
        ("import torch\n", "opt = torch.optim.SGD(net.parameters())", "opt = torch.optim.SGD(net.parameters())"),
        ("from keras.layers import Dense\n", "keras.Input((3,))", "import keras"),
        ("import tensorflow as tf\n", "keras.Input((3,))", "from tensorflow import keras"),
        ("import tf_keras\n", "keras.Input((3,))", "import tf_keras as keras"),
        ("from tensorflow import keras\n", "keras.Input((3,))", "keras.Input((3,))"),
        ("import numpy\n", "np.zeros(3)", "import numpy as np"),
        ("", "cross_val_score(m, X, y)", "from sklearn.model_selection import cross_val_score"),
    ],
    ids=["torch.nn only", "there", "keras", "tf", "tf_keras", "keras there", "numpy", "sklearn"],
)
def test_imports_that_are_missing(tmp_path: Path, text: str, code: str, first: str) -> None:
    shown = with_imports(code, program(tmp_path, text))
    assert shown.splitlines()[0] == first
    ast.parse(shown)


KERAS_ADAM = "m.compile(keras.optimizers.Adam(learning_rate=0.05))  # was 0.5"


@pytest.mark.parametrize(
    ("made", "code", "shown"),
    [
        ("Adam(0.5)", KERAS_ADAM, "m.compile(Adam(0.05))  # was 0.5"),
        ("Adam(lr=0.5, clipnorm=1)", KERAS_ADAM, "m.compile(Adam(learning_rate=0.05, clipnorm=1))  # was 0.5"),
        ("optim.SGD(p, 1, 0.9)", "o = torch.optim.SGD(q, lr=0.1)", "o = optim.SGD(p, 0.1, 0.9)"),
        ("SGD(p, weight_decay=3, lr=1)", "o = torch.optim.SGD(q, lr=0.1)", "o = SGD(p, lr=0.1, weight_decay=3)"),
        ("SGD([{'params': p, 'lr': 0}])", "o = torch.optim.SGD(q, lr=0.1)", "o = torch.optim.SGD(q, lr=0.1)"),
        ("SGD(p, **settings)", "o = torch.optim.SGD(q, lr=0.1)", "o = torch.optim.SGD(q, lr=0.1)"),
        ("RMSprop(p, lr=1)", "o = torch.optim.SGD(q, lr=0.1)", "o = torch.optim.SGD(q, lr=0.1)"),  # another one
    ],
    ids=["position", "old keyword", "torch by position", "decay", "groups", "unpacked", "another"],
)
def test_the_optimizer_keeps_its_other_settings(made: str, code: str, shown: str) -> None:
    call = ast.parse(made, mode="eval").body
    assert isinstance(call, ast.Call)
    assert with_own_settings(code, call) == shown


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ("Adam(p, lr=LR)", "o = Adam(p, lr=LR * 100)"),
        ("Adam(p, args.lr)", "o = Adam(p, args.lr * 100)"),
        ("Adam(p, lr=1e-6)", "o = Adam(p, lr=0.0001)"),
        ("Adam(p, lr=5e-4)", "o = Adam(p, lr=0.0005 * 100)"),  # a warm-up never got there: what was seen was 1e-6
        ("Adam(p)", "o = Adam(p, lr=0.0001)"),
    ],
    ids=["variable", "by position", "the number that was seen", "another number", "the default"],
)
def test_a_learning_rate_that_the_program_names_is_multiplied(made: str, shown: str) -> None:
    call = ast.parse(made, mode="eval").body
    assert isinstance(call, ast.Call)
    assert with_own_settings("o = torch.optim.Adam(q, lr=0.0001)", call, by=" * 100") == shown


SCALED = "scaler = StandardScaler().fit(X)\nm.compile('adam')\nm.fit(scaler.transform(X), y)\nm.predict(new)\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SCALED, "scaler.transform"),
        (SCALED.replace("StandardScaler().fit(X)", "MinMaxScaler()"), "scaler.transform"),
        (SCALED + "other = StandardScaler()\n", None),  # which of the two?
        (SCALED.replace("StandardScaler()", "Prepared()"), None),
        (SCALED.replace(".fit(X)", ".fit_transform(X)", 1), None),  # these are rows
    ],
    ids=["fitted in the same line", "fitted later", "two", "unknown", "rows"],
)
def test_the_object_that_prepares_rows(tmp_path: Path, text: str, shown: str | None) -> None:
    assert names(tmp_path, text, "keras").get("prepare") == shown
    assert "prepare" not in names(tmp_path, text, "sklearn")


def test_clipping_is_left_out_where_that_is_the_fix() -> None:
    call = ast.parse("Adam(0.5, clipnorm=1e-5)", mode="eval").body
    assert isinstance(call, ast.Call)
    assert with_own_settings(KERAS_ADAM, call, without=("clipnorm",)) == "m.compile(Adam(0.05))  # was 0.5"


def test_a_diagnosis_gets_the_names_of_its_program(tmp_path: Path) -> None:
    """Not the model that a wrong optimizer holds; and nothing where no program was seen."""
    written = program(tmp_path, TORCH)
    sources = {"optimizer": f"{written.file}:5"}
    fix = Fix(("step-times-100",), True, "optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)  # was 1e-06", "")
    cause = Hypothesis("DF502", "learning-rate-too-low", supported("x", weight=1.0))
    for code, shown in (
        ("DF502", "opt = optim.Adam(net.parameters(), lr=0.0001)  # was 1e-06"),
        ("DF703", "import torch\nopt = torch.optim.Adam(model.parameters(), lr=0.0001)  # was 1e-06"),
    ):
        seen = with_own_names(
            replace(FLAT_DIAGNOSIS, framework="torch", causes=(replace(cause, code=code),), fix=fix), sources
        )
        assert seen.fix is not None
        assert seen.fix.code == shown
    assert with_own_names(FLAT_DIAGNOSIS, {}) == FLAT_DIAGNOSIS
    assert with_own_names(replace(FLAT_DIAGNOSIS, fix=None), sources).fix is None


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ("LR = 0.5\nopt = optim.Adam(net.parameters(), lr=LR)", "lr=LR * 100"),
        ("cfg = read()\nopt = optim.Adam(net.parameters(), lr=cfg.lr)", "lr=cfg.lr * 100"),
        ("plan = Decay(0.5)\nopt = optim.Adam(net.parameters(), plan)", "0.01"),
        ("opt = optim.Adam(net.parameters(), lr=Decay(0.5))", "lr=0.01"),
    ],
    ids=["number", "setting", "schedule", "schedule in place"],
)
def test_a_schedule_is_not_multiplied(tmp_path: Path, made: str, shown: str) -> None:
    written = program(tmp_path, made)
    fix = Fix(("step-times-100",), True, "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)", "")
    sources = {"optimizer": f"{written.file}:{len(written.lines)}"}
    seen = with_own_names(replace(FLAT_DIAGNOSIS, framework="torch", fix=fix), sources).fix
    assert seen is not None
    assert seen.code == f"opt = optim.Adam(net.parameters(), {shown})"


def test_a_fix_for_torch_is_renamed_around_the_optimizer_too(tmp_path: Path) -> None:
    written = program(tmp_path, "o = optim.Adam(filter(lambda p: p.requires_grad, m.parameters()), lr=1e-2)\n")
    made = "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)"
    code = f"for p in model.parameters():\n    p.requires_grad_(True)\n{made}"
    fix = Fix(("unfreeze",), True, code, "")
    seen = with_own_names(replace(FLAT_DIAGNOSIS, framework="torch", fix=fix), {"optimizer": f"{written.file}:1"}).fix
    assert seen is not None
    assert seen.code.startswith("for p in m.parameters():")


def test_a_fix_for_keras_keeps_its_own_names_in_what_stands_around_its_calls(tmp_path: Path) -> None:
    text = "net = Net()\nnet.trainable = False\nnet.compile('adam', 'mse')\nnet.fit(X, t, epochs=9)\n"
    written = program(tmp_path, text)
    sources = {call: f"{written.file}:{line}" for call, line in (("compile", 3), ("fit", 4))}
    code = "model.trainable = True\nmodel.compile(optimizer=Adam(0.001), loss='mse')\nmodel.fit(X_train, y_train / 2)"
    fix = Fix(("unfreeze", "standardize-targets"), True, code, "")
    seen = with_own_names(replace(FLAT_DIAGNOSIS, fix=fix), sources).fix
    assert seen is not None
    assert seen.code == "net.trainable = True\nnet.compile('adam', 'mse')\nnet.fit(X, t / 2, epochs=9)"


LOADED = """
loader = DataLoader(TensorDataset(X, y), 16, shuffle=False, drop_last=True)
test_loader = DataLoader(held, batch_size=64, shuffle=False)
for epoch in range(3):
    for xb, yb in tqdm(loader):
        opt.step()
for xb, yb in test_loader:
    net(xb)
"""
SHUFFLED = "loader = torch.utils.data.DataLoader(dataset, batch_size=batch_size, shuffle=True)\n"


def test_a_shuffle_is_written_into_the_loader_that_is_trained_on(tmp_path: Path) -> None:
    here = program(tmp_path, LOADED)
    assert loader_line(here) == 2
    own = "loader = DataLoader(TensorDataset(X, y), 16, drop_last=True, shuffle=True)\n"
    assert with_own_loader(SHUFFLED, here) == own
    assert with_own_loader("model.fit(X, y)\n", here) == "model.fit(X, y)\n"
    two = program(tmp_path, LOADED + LOADED.replace("16", "32"))
    assert loader_line(two) is None
    assert with_own_loader(SHUFFLED, two) == SHUFFLED


def test_a_dataset_is_shuffled_where_it_is_made_and_a_scaler_of_ones_own_may_have_no_transform(tmp_path: Path) -> None:
    text = "rng.shuffle(order)\nds = tf.data.Dataset.from_tensor_slices(X)\nds = ds.shuffle(8)\nm.fit(ds, epochs=2)\n"
    here = program(tmp_path, text)
    assert loader_line(here) == 3
    fit = here.calls[-1]
    code = with_own_dataset("m.fit(ds, epochs=2, shuffle=True)  # tf.data", here, fit)
    assert code == "ds = ds.shuffle(n_rows)  # all of them, before batch()\nm.fit(ds, epochs=2)"
    assert with_own_dataset("a = 1  # one\nb = 2", here, fit) == "a = 1  # one\nb = 2"
    apart = ast.parse("m.fit(X, y)").body[0]
    assert isinstance(apart, ast.Expr)
    assert isinstance(apart.value, ast.Call)
    assert with_own_dataset("m.fit(X, y, shuffle=True)", here, apart.value) == "m.fit(X, y, shuffle=True)"
    own = "class Scaler:\n    def fit(self, X): ...\nsc = Scaler().fit(X)\n"
    assert "prepare" not in names(tmp_path, own)
    whole = own.replace("X): ...\n", "X): ...\n    def transform(self, X): ...\n")
    assert names(tmp_path, whole)["prepare"] == "sc.transform"


HF = """
args = TrainingArguments("out", num_train_epochs=5, learning_rate=0.05)
trainer = Trainer(model=net, args=args, train_dataset=rows)
"""
LIGHTNING = """
class Lit(LightningModule):
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.05)
lit = Lit()
trainer = pl.Trainer(max_epochs=5, accelerator="cpu")
trainer.fit(lit, loader)
"""


@pytest.mark.parametrize(
    ("text", "rate", "epochs"),
    [
        (
            HF,
            "args = TrainingArguments(..., learning_rate=0.005)  # was at most 0.05; the rest as it is",
            "args = TrainingArguments(..., num_train_epochs=25)  # was 5; the rest as it is",
        ),
        (
            LIGHTNING,
            "optimizer = torch.optim.Adam(model.parameters(), lr=0.005)  # was at most 0.05",
            "trainer = pl.Trainer(..., max_epochs=25)  # was 5; the rest as it is",
        ),
    ],
    ids=["transformers", "lightning"],
)
def test_a_trainer_is_told_its_settings_where_it_is_made(tmp_path: Path, text: str, rate: str, epochs: str) -> None:
    code = "optimizer = torch.optim.Adam(model.parameters(), lr=0.005)  # was at most 0.05\nn_epochs = 25  # was 5"
    assert with_own_trainer(code, program(tmp_path, text)).splitlines() == [rate, epochs]


@pytest.mark.parametrize("name", ["self", "s"])
def test_what_a_module_calls_self_is_what_the_trainer_fits(tmp_path: Path, name: str) -> None:
    text = LIGHTNING.replace("self", name)
    assert names_in(program(tmp_path, text), {"optimizer": line_of(text, "torch.optim")}, "torch")["model"] == "lit"


LAST = 'keras.layers.Dense(3, activation="softmax")  # in place of the last layer'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("net.add(Dense(8))\nnet.add(Dense(3, activation='relu'))", 'net.add(Dense(3, activation="softmax"))'),
        ("h = Dense(8)(x)\nout = L.Dense(1, name='y')(h)", 'out = L.Dense(3, activation="softmax", name="y")(h)'),
        ("h = Dense(8)(x)\nm = Model(x, Dense(1)(h))", 'Dense(3, activation="softmax")(h)'),
        ("self.d = Dense(8); self.o = Dense(1)", 'self.o = Dense(3, activation="softmax")'),
        ("m = Sequential([Dense(8), Dense(1)])", 'Dense(3, activation="softmax")'),
        ("layers = [\n  Dense(8),\n  Dense(1)]", 'Dense(3, activation="softmax")'),
        ("for n in sizes:\n  net.add(Dense(n))", 'net.add(Dense(3, activation="softmax"))'),
        ("net = build(sizes)\nseen.add(sizes)", 'keras.layers.Dense(3, activation="softmax")'),
    ],
    ids=["added", "functional", "inside a call", "attribute", "in one line", "list", "in a loop", "elsewhere"],
)
def test_the_last_layer_is_written_as_the_program_writes_its_own(tmp_path: Path, text: str, written: str) -> None:
    head = "y" if "'y'" in text else "dense_1"
    code = with_own_layer(LAST, program(tmp_path, text), head, ["dense:relu", head])
    assert code == f"{written}  # in place of the last layer"
