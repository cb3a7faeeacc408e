"""What a program does with its predictions, read from snippets; and what must not be read into them."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from defib.capture.handling import read_handling
from defib.subject import Handling


def read(tmp_path: Path, source: str) -> tuple[Handling, ...]:
    """The line that predicts is the one marked with ``# here``; lines with ``# ran`` were on the stack."""
    file, text = tmp_path / f"program{abs(hash(source))}.py", dedent(source)
    file.write_text(text)
    ast.parse(text)
    numbered = list(enumerate(text.splitlines(), 1))
    lines = [i for mark in ("# here", "# ran") for i, line in numbered if mark in line]
    return read_handling([f"{file}:{line}" for line in lines])


FOUND = {
    "p = model.predict(X)  # here\nprint(np.argmax(p, axis=1))": "argmax",
    "p = model.predict(X)  # here\nprint(p.argmax(-1)[:5])": "argmax",
    "print(np.argmax(model.predict(X), axis=1))  # here": "argmax",
    "with torch.no_grad():\n    out = net(X)  # here\n    _, k = torch.max(out.data, 1)": "argmax",
    "out = torch.sigmoid(net(X))  # here\nk = out.max(dim=1)[1]": "argmax",
    "def f(x):\n    return self.net(x).numpy()  # here\nk = f(X).argmax(axis=1)  # ran": "argmax",
    "p = model.predict(X)  # here\nq = p.ravel()\nprint(q.astype(int))": "integer",
    "p = model.predict(X)  # here\nprint(p.astype('int32'))": "integer",
    "p = model.predict(X)  # here\nfor x, v in zip(X, p):\n    print(int(v))": "integer",
    "out = net(x).sigmoid()  # here\nlabels = out.squeeze().long()": "integer",
    "p = model.predict(X)  # here\nprint(np.round(p, 2))": "round",
    "p = model.predict(X)  # here\nfor v in p:\n    print(f'{v[0]:.1f}')": "round",
    "ps = []\nfor x in X:\n    ps.append(model(x).item())  # here\nprint([round(p, 2) for p in ps])": "round",
    "def show(p):\n    print(p.round(1))\np = model.predict(X)  # here\nshow(p)": "round",
    "def both():\n    return model.predict(X), y  # here\np, y = both()  # ran\nprint(p.argmax(1))": "argmax",
    "b = np.empty(1)\nr = []\nfor x in X:\n    b[:] = model.predict(x)[0]  # here\n    r.append(b)": "alias",
    "o = torch.empty(1)\nr = []\nfor x in X:\n    torch.sigmoid(net(x), out=o)  # here\n    r.append(o)": "alias",
    "if __name__ == '__main__':\n    p = model.predict(X)  # here\n    print(p.argmax(1))": "argmax",
}
NOT_FOUND = (
    "p = model.predict(X)  # here\nprint((p > 0.5).astype(int))",
    "p = model.predict(X)  # here\np = p > 0.5\nprint(p.astype(int))",
    "p = model.predict(X)  # here\nprint((p * 100).astype(int))",
    "p = model.predict(X)  # here\nprint(np.argmax(y, axis=1))",
    "p = model.predict(X)  # here\nif args.labels:\n    print(np.argmax(p, axis=1))",
    "p = model.predict(X)  # here\nprint(p.astype(int) if hard else p)",
    "def never(p):\n    print(p.argmax(1))\np = model.predict(X)  # here",
    "p = model.predict(X)  # here\nv = out.max(1)[0]",
    "p = net(X)  # here\nbest, _ = 3, 4",
    "p = model.predict(X)  # here\ndef other(p):\n    return p.argmax(1)\nother(y)",
    "b = np.empty(1)\nr = []\nfor x in X:\n    b[:] = model.predict(x)[0]  # here\n    r.append(b.copy())",
    "r = []\nfor x in X:\n    b = np.empty(1)\n    b[:] = model.predict(x)[0]  # here\n    r.append(b)",
    "b = np.empty(9)\nfor i, x in enumerate(X):\n    b[i] = model.predict(x)[0]  # here\nr.append(b)",
    "p = model.predict(X)  # here\nprint(f'{p.mean():.2f}', f'{p!r}')",
)


@pytest.mark.parametrize("source", FOUND)
def test_found(tmp_path: Path, source: str) -> None:
    assert [one.kind for one in read(tmp_path, source)] == [FOUND[source]]


@pytest.mark.parametrize("source", NOT_FOUND)
def test_not_found(tmp_path: Path, source: str) -> None:
    assert read(tmp_path, source) == ()


def test_how_many_decimals(tmp_path: Path) -> None:
    source = "p = model.predict(X)  # here\nprint(f'{p[0][0]:.1%}')\nprint(p.round(4))\nprint(round(float(p[0]), 3))"
    assert sorted(one.decimals for one in read(tmp_path, source)) == [3, 3, 4]


def test_a_cache_tells_what_it_did_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "service.py"
    file.write_text("import functools\n@functools.lru_cache\ndef score(name):\n    return model.predict(X)\n")
    import sys
    import types

    module = types.ModuleType("service_of_the_test")
    module.__file__ = str(file)
    module.__dict__["model"] = types.SimpleNamespace(predict=lambda X: 0.3)
    module.__dict__["X"] = None
    exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for _ in range(5):
        module.__dict__["score"]("today")
    (found,) = read_handling([f"{file}:4"])
    assert (found.kind, found.code, found.hits, found.misses) == ("cache", "score", 4, 1)


@pytest.mark.parametrize("place", ["", "nowhere.py:3", "<stdin>:1"])
def test_what_cannot_be_read(place: str) -> None:
    assert read_handling([place]) == ()
    assert read_handling([]) == ()


def test_a_syntax_that_python_would_not_take(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("p = model.predict(X\n")
    assert read_handling([f"{file}:1"]) == ()
