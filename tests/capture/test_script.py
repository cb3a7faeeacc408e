"""A program that defib runs must not be able to tell: held to plain ``python`` on what it prints and how it ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import Run

ADDRESS = re.compile("0x[0-9a-f]+")
"""Where an object lies: differs from run to run."""
DRIVER = """
import sys
from defib.capture.script import run_script
arguments = sys.argv[1:]
as_module = arguments[0] == "-m"
path, *rest = arguments[1:] if as_module else arguments
sys.exit(run_script(path, rest, as_module=as_module).exit_code)
"""

PROGRAMS = {
    "what it is": """
        '''A docstring.'''
        import os, sys, __main__
        print(__name__, __doc__, __file__, __package__, __spec__, sys.argv, sys.path[0], os.getcwd())
        print(sorted(globals()), __main__.__dict__ is globals(), type(__builtins__).__name__, type(__loader__).__name__)
        """,
    "sibling module": "import sibling\nprint(sibling.value)",
    "exit number": "import sys; sys.exit(3)",
    "exit text": "import sys; print('out'); sys.exit('the text')",
    "exit nothing": "raise SystemExit",
    "exit tuple": "import sys; sys.exit((1, 2))",
    "exit true": "import sys; sys.exit(True)",
    "hard exit": "import os; os._exit(7)",
    "raises": """
        def inner():
            raise ValueError("a value")
        def outer():
            try:
                inner()
            except ValueError as error:
                raise RuntimeError("outer") from error
        outer()
        """,
    "raises while handling": """
        try:
            1 / 0
        except ZeroDivisionError:
            {}["key"]
        """,
    "group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "syntax error": "x = 1\ndef (:\n    pass\n",
    "syntax error in an import": "import broken_syntax",
    "import that raises": "import broken_import",
    "missing module": "import no_such_module_anywhere",
    "warning": "import warnings; warnings.warn('old', DeprecationWarning)",
    "future": "from __future__ import annotations\ndef f(x: nowhere): ...\nprint(f.__annotations__)",
    "no inherited future": "def f(x: int): ...\nprint(f.__annotations__)",
    "excepthook": """
        import sys
        def hook(kind, error, trace):
            names = []
            while trace:
                names.append(trace.tb_frame.f_code.co_name)
                trace = trace.tb_next
            print("hook", kind.__name__, error, names)
        sys.excepthook = hook
        raise ValueError("a value")
        """,
    "excepthook that raises": """
        import sys
        def hook(*shown):
            raise KeyError("in the hook")
        sys.excepthook = hook
        raise ValueError("a value")
        """,
    "excepthook that exits": """
        import sys
        sys.excepthook = lambda *shown: sys.exit(9)
        raise ValueError("a value")
        """,
    "default excepthook": "import sys; print(sys.excepthook is sys.__excepthook__)",
    "atexit": """
        import atexit, sys
        atexit.register(lambda: print("at exit", sys.argv, __name__, __import__("__main__").mark))
        mark = "mine"
        print("main")
        """,
    "thread": """
        import threading, time
        def work():
            time.sleep(0.2)
            print("thread is done")
        threading.Thread(target=work).start()
        print("main is done")
        """,
    "executor left open": """
        from concurrent.futures import ThreadPoolExecutor
        print(ThreadPoolExecutor(2).submit(lambda: 5).result())
        """,
    "spawn": """
        import multiprocessing
        def square(x):
            return x * x
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(square, [1, 2, 3]))
        """,
    "fork": """
        import os, sys
        if os.fork() == 0:
            sys.exit(0)
        os.wait()
        print("parent")
        """,
    "pickle": """
        import pickle
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
        print(pickle.loads(pickle.dumps(Point(3))))
        """,
    "source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "fork pool": """
        import multiprocessing
        def square(x):
            return x * x
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(pool.map(square, [1, 2, 3]))
        """,
    "forked child that fails": """
        import multiprocessing
        def fail():
            raise ValueError("in the child")
        process = multiprocessing.get_context("fork").Process(target=fail, name="worker")
        process.start()
        process.join()
        print(process.exitcode)
        """,
    "executor of processes": """
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            with ProcessPoolExecutor(1) as pool:
                print(pool.submit(abs, -3).result())
        """,
    "executor of processes left open": """
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            print(ProcessPoolExecutor(1).submit(abs, -3).result())
        """,
    "subprocess of itself": """
        import os, subprocess, sys
        if len(sys.argv) > 1 and sys.argv[1] == "child":
            print("child", sys.argv)
        else:
            print(subprocess.run([sys.executable, __file__, "child"], capture_output=True, text=True).stdout)
        """,
    "signals": """
        import signal
        print([str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD)])
        """.replace("str(signal.getsignal(one))", "getattr(signal.getsignal(one), '__name__', signal.getsignal(one))"),
    "handler of SIGTERM": """
        import os, signal, sys
        def leave(number, frame):
            print("leaving", frame.f_code.co_name)
            sys.exit(6)
        signal.signal(signal.SIGTERM, leave)
        os.kill(os.getpid(), signal.SIGTERM)
        """,
    "ended by SIGTERM": "import os, signal; print('begins', flush=True); os.kill(os.getpid(), signal.SIGTERM)",
    "handler of SIGINT": """
        import os, signal
        signal.signal(signal.SIGINT, lambda number, frame: print("not now"))
        os.kill(os.getpid(), signal.SIGINT)
        print("went on")
        """,
    "interrupt that is caught": """
        import os, signal
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            print("saved")
        """,
    "alarm": """
        import signal, time
        signal.signal(signal.SIGALRM, lambda number, frame: print("woken"))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(0.2)
        """,
    "threads there are": "import threading; print([one.name for one in threading.enumerate()])",
    "daemon thread": """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print("done")
        """,
    "error in a thread": """
        import threading
        def work():
            raise ValueError("in the thread")
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        print("goes on")
        """,
    "error at exit": """
        import atexit
        def fail():
            raise ValueError("at exit")
        atexit.register(fail)
        """,
    "exit at exit": "import atexit, os, sys\natexit.register(lambda: print('last words', flush=True))\nsys.exit(5)",
    "object that outlives": """
        class Last:
            def __del__(self):
                print("deleted", flush=True)
        kept = Last()
        print("end")
        """,
    "very long output": "for i in range(60_000):\n    print(i, 'x' * 40)",
    "output without an end of line": "import sys; sys.stdout.write('no end'); sys.stderr.write('none either')",
    "bytes": "import sys; sys.stdout.buffer.write(bytes(range(256)).decode('latin-1').encode('utf-8'))",
    "all of standard input": "import sys; print(len(sys.stdin.read()), sys.stdin.isatty())",
    "asynchronous": "import asyncio\nasync def main():\n    print(await asyncio.sleep(0, 5))\nasyncio.run(main())",
    "deep recursion": "import sys\ndef f(n):\n    return n and f(n - 1)\nprint(f(900), sys.getrecursionlimit())",
    "recursion without end": "import sys\nsys.tracebacklimit = 0\ndef f():\n    return f()\nf()",
    "environment": "import os; print(sorted(one for one in os.environ if one != '_'))",
    "settings of the interpreter": """
        import gc, locale, sys, warnings
        print(sys.flags, gc.isenabled(), gc.get_threshold(), locale.getlocale(), sys.getswitchinterval())
        print(warnings.filters, sys.gettrace(), sys.getprofile(), sys.displayhook.__name__, sys.unraisablehook.__name__)
        """,
    "globals at the end": "import sys\nx = 1\nprint(sorted(globals()), sorted(vars()))",
    "standard input": "print(input()[::-1])",
    "reads what it is": "import pathlib; print(len(pathlib.Path(__file__).read_text()))",
    "changes directory": "import os; os.chdir('/'); print(os.getcwd())",
    "closed output": "import sys; sys.stdout.close()",
    "arguments": "import argparse; p = argparse.ArgumentParser(); p.add_argument('--lr', type=float); p.parse_args()",
}


def write_around(folder: Path) -> None:
    """Modules that the programs import."""
    (folder / "sibling.py").write_text("value = 'from beside the script'\n")
    (folder / "broken_syntax.py").write_text("def (:\n")
    (folder / "broken_import.py").write_text("def f():\n    return 1 / 0\nf()\n")


def same(python: Run, tmp_path: Path, *arguments: str) -> None:
    """The same output and end under plain Python and under `run_script`."""
    driver = tmp_path / "elsewhere" / "driver.py"
    driver.parent.mkdir(exist_ok=True)
    driver.write_text(DRIVER)
    plain = python(*arguments, stdin="abc\n")
    watched = python(driver, *arguments, stdin="abc\n")
    assert watched.stdout == plain.stdout
    assert ADDRESS.sub("", watched.stderr) == ADDRESS.sub("", plain.stderr)
    assert watched.returncode == plain.returncode


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_plain_python(name: str, tmp_path: Path, python: Run) -> None:
    write_around(tmp_path)
    (tmp_path / "program.py").write_text(dedent(PROGRAMS[name]).lstrip("\n"))
    same(python, tmp_path, "program.py", "one", "--two", "-3", "--")


def test_sibling_and_frames_in_another_directory(tmp_path: Path, python: Run) -> None:
    folder = tmp_path / "below" / "here"
    folder.mkdir(parents=True)
    write_around(folder)
    (folder / "program.py").write_text(
        "import sys, sibling\nprint(__file__, sys.argv, sys.path[0])\nimport broken_import"
    )
    same(python, tmp_path, "below/here/program.py", "x")
    same(python, tmp_path, "./below/../below/here/program.py")


def test_link_to_a_script(tmp_path: Path, python: Run) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    write_around(folder)
    (folder / "program.py").write_text("import sys, sibling\nprint(__file__, sys.path[0], sibling.value)")
    (tmp_path / "link.py").symlink_to(folder / "program.py")
    same(python, tmp_path, "link.py")


def test_module_and_package(tmp_path: Path, python: Run) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("value = 'relative'")
    text = (
        "import sys\nfrom .other import value\n"
        "print(value, __name__, __package__, __spec__.name, sys.argv, sys.path[0])\n"
    )
    (package / "__main__.py").write_text(text)
    (package / "train.py").write_text(text + "raise ValueError('end')")
    same(python, tmp_path, "-m", "package", "a", "--b")
    watched = python("-c", DRIVER, "-m", "package.train", "a")
    plain = python("-m", "package.train", "a")
    assert watched.stdout == plain.stdout
    assert watched.returncode == plain.returncode == 1
    # Plain Python shows the frames of runpy here; what follows them is the same.
    assert plain.stderr.endswith(watched.stderr.removeprefix("Traceback (most recent call last):\n"))
    assert "defib" not in watched.stderr


@pytest.mark.parametrize(
    "interrupt", ["raise KeyboardInterrupt", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"]
)
def test_interrupted(interrupt: str, tmp_path: Path, python: Run) -> None:
    (tmp_path / "program.py").write_text(f"print('begins', flush=True)\n{interrupt}\n")
    plain, watched = python("program.py"), python("-c", DRIVER, "program.py")
    assert watched.returncode == 130
    assert plain.returncode in (-2, 130)
    assert (watched.stdout, watched.stderr) == (plain.stdout, plain.stderr)


OUTCOME = """
import sys
from defib.capture.script import run_script
o = run_script("program.py")
print(o.exit_code, o.error, o.missing_module, o.interrupted, o.in_child, o.notes, o.seconds >= 0, end=" ")
print("numpy" in sys.modules)
"""


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("x = 1", "0 None None False False () True False"),
        ("import nowhere.deep", "1 ModuleNotFoundError: No module named 'nowhere' nowhere False False () True False"),
        ("raise KeyboardInterrupt", "130 KeyboardInterrupt:  None True False () True False"),
        ("import sys; sys.exit('text')", "1 None None False False () True False"),
    ],
)
def test_outcome(program: str, expected: str, tmp_path: Path, python: Run) -> None:
    """What is told of the end; and NumPy is not imported before the program has had its say on threads."""
    (tmp_path / "program.py").write_text(program)
    assert python("-c", OUTCOME).stdout.splitlines()[-1] == expected


def test_forked_child_is_told_apart(tmp_path: Path, python: Run) -> None:
    (tmp_path / "program.py").write_text("import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\n")
    lines = python("-c", OUTCOME).stdout.splitlines()
    assert sorted(line.split()[4] for line in lines) == ["False", "True"]


def test_globals_outlive_the_program(tmp_path: Path, python: Run) -> None:
    (tmp_path / "program.py").write_text("import weakref\nclass A: pass\nkept = A()\nseen = weakref.ref(kept)\n")
    code = (
        "from defib.capture.script import run_script\no = run_script('program.py')\nprint(o.main.seen() is o.main.kept)"
    )
    assert python("-c", code).stdout == "True\n"


def test_nothing_to_run(tmp_path: Path, python: Run) -> None:
    for name, slug in (("nope.py", "no-such-script"), ("nope", "no-such-script")):
        ended = python("-c", DRIVER, name)
        assert slug in ended.stderr
    assert "no-such-module" in python("-c", DRIVER, "-m", "no.such.module").stderr


def test_driver_really_runs_it(tmp_path: Path, python: Run) -> None:
    """Meta-test: the comparison would notice a program that was not run."""
    (tmp_path / "program.py").write_text("import sys; print('ran'); sys.exit(4)")
    ended: subprocess.CompletedProcess[str] = python("-c", DRIVER, "program.py")
    assert (ended.stdout, ended.returncode) == ("ran\n", 4)
