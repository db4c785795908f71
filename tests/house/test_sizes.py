"""Files, functions and parameter lists stay small enough to read at a sitting."""

import ast
import io
import tokenize

from tests.house.rooms import Module, functions, is_kernel, module_of, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
KERNEL_LINES_MAX = 70
PARAMETERS_MAX = 6

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(module: Module) -> set[int]:
    """Return the numbers of the lines that hold code: no blank ones, no comments, no docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in SILENT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(module.tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            lines -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the names of the parameters, without ``self`` and ``cls``."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each]
    return [name for name in names if name not in {"self", "cls"}]


def faults(module: Module) -> list[str]:
    """List what is too long in a module."""
    found = []
    total = len(module.text.splitlines())
    if total > FILE_LINES_MAX:
        found.append(f"{module.path} has {total} lines; at most {FILE_LINES_MAX}")
    code = code_lines(module)
    for function in functions(module):
        where = f"{module.path}:{function.lineno} {function.name}"
        end = function.end_lineno or function.lineno
        size = len(code & set(range(function.lineno, end + 1)))
        most = KERNEL_LINES_MAX if is_kernel(function) else FUNCTION_LINES_MAX
        if size > most:
            found.append(f"{where} has {size} lines of code; at most {most}")
        count = len(parameters(function))
        # A test's parameters are its table's columns and its fixtures.
        if count > PARAMETERS_MAX and not module.name.startswith("tests"):
            found.append(f"{where} takes {count} parameters; at most {PARAMETERS_MAX}")
    return found


def test_nothing_is_too_long() -> None:
    """Every file, function and parameter list of the house is within its limit."""
    assert [fault for module in modules() for fault in faults(module)] == []


def test_a_long_file_is_found() -> None:
    """401 lines are one too many."""
    assert "401 lines" in faults(module_of("router.seeded", "\n" * 401))[0]
    assert faults(module_of("router.seeded", "\n" * 400)) == []


def test_a_long_function_is_found_and_its_docstring_is_free() -> None:
    """51 lines of code are one too many; docstring, comments and blank lines do not count."""
    free = '    """One.\n\n    Two.\n    """\n' + "    # why\n\n" * 60
    short = f"def f():\n{free}" + "    x = 1\n" * 49
    assert faults(module_of("router.seeded", short)) == []
    assert "51 lines of code" in faults(module_of("router.seeded", short + "    x = 1\n"))[0]


def test_a_kernel_may_be_longer_but_not_endless() -> None:
    """A compiled function has 70 lines of code and not one more."""
    kernel = "@njit(cache=True)\ndef f():\n" + "    x = 1\n" * 69
    assert faults(module_of("solver.seeded", kernel)) == []
    assert "71 lines of code" in faults(module_of("solver.seeded", kernel + "    x = 1\n"))[0]


def test_a_seventh_parameter_is_found() -> None:
    """Six parameters do; ``self`` is none, keyword-only ones are."""
    assert faults(module_of("router.seeded", "def f(self, a, b, c, d, *, e, f): ...")) == []
    fault = faults(module_of("router.seeded", "def f(a, b, c, d, e, *, f, g): ..."))[0]
    assert "takes 7 parameters" in fault
