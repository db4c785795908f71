"""
A kernel's docstring says of every parameter its dtype, and its shape if it is an array.

What all kernels of a file or of a package take, such as the state or the row of a ticket, may be
said once: in a section ``Parameters`` of the docstring of the file or of the package.
"""

import ast
import re

import pytest

from tests.house.rooms import Module, functions, is_kernel, module_of, modules

DTYPE = re.compile(
    r"\b(?:u?int(?:8|16|32|64)|float(?:32|64)|bool(?:ean)?|uint|complex128|record)\b"
)
SCALAR = re.compile(r"\b(?:int|float|bool)\b")  # compiled to the 64-bit kind
STRUCTURE = re.compile(r"``\w*[A-Z]\w*``")  # a NamedTuple or record that has its own docstring
SHAPE = re.compile(r"\([^()]*\)|\bscalar\b")


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return what the numpydoc section ``Parameters`` says of each name."""
    section = re.split(r"^Parameters\n-+\n", docstring, maxsplit=1, flags=re.MULTILINE)
    if len(section) == 1:
        return {}
    body = re.split(r"^\w[\w ]*\n-{3,}$", section[1], maxsplit=1, flags=re.MULTILINE)[0]
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in body.splitlines():
        if line and not line[0].isspace():
            head, _, rest = line.partition(" : ")
            names = [name.strip(" *") for name in head.split(",")]
            texts |= dict.fromkeys(names, rest)
        else:
            for name in names:
                texts[name] += " " + line.strip()
    return texts


def subscripted(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names that are used as arrays: indexed, or asked for their shape or length."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            found.add(node.value.id)
        elif isinstance(node, ast.Attribute) and node.attr in {"shape", "size"}:
            found |= {node.value.id} if isinstance(node.value, ast.Name) else set()
    return found


def shared_texts(module: Module) -> dict[str, str]:
    """Return what the packages around a module and its own docstring say of parameters."""
    packages = {each.name: each for each in modules() if each.path.endswith("__init__.py")}
    parts = module.name.split(".")
    around = (packages.get(".".join(parts[:end])) for end in range(1, len(parts)))
    texts: dict[str, str] = {}
    for each in (*around, module):
        texts |= parameter_texts(ast.get_docstring(each.tree) or "") if each else {}
    return texts


def faults(module: Module) -> list[str]:
    """List what the public kernels of a module leave unsaid."""
    found = []
    shared = shared_texts(module)
    for function in functions(module):
        if not is_kernel(function) or function.name.startswith("_"):
            continue
        where = f"{module.path}:{function.lineno} {function.name}"
        own = parameter_texts(ast.get_docstring(function) or "")
        texts = shared | own
        given = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        arrays = subscripted(function)
        for name in given:
            text = texts.get(name)
            if text is None:
                found.append(f"{where} does not document {name}")
            elif STRUCTURE.search(text):
                continue
            elif not DTYPE.search(text) and (name in arrays or not SCALAR.search(text)):
                found.append(f"{where} does not say the dtype of {name}")
            elif name in arrays and not SHAPE.search(text):
                found.append(f"{where} does not say the shape of {name}")
        found += [
            f"{where} documents {name}, which it does not take" for name in own.keys() - set(given)
        ]
    return found


def test_every_public_kernel_documents_its_parameters() -> None:
    """Whoever calls a kernel can read what arrays to bring."""
    rooms = modules("solver", "router", "simulator")
    assert [fault for module in rooms for fault in faults(module)] == []


GOOD = '''
@njit(cache=True, nogil=True)
def urgency(wait_s, target_s, out):
    """
    Fill ``out`` with how pressing each ticket is.

    Parameters
    ----------
    wait_s, target_s
        float64 (n,), seconds.
    out : float64 (n,)
        Overwritten.

    Raises
    ------
    Nothing
        Shapes are checked before.
    """
    out[0] = wait_s[0] / target_s[0]
'''


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    out : float64 (n,)\n        Overwritten.\n", "", "does not document out"),
        ("out : float64 (n,)", "out : an array (n,)", "does not say the dtype of out"),
        ("float64 (n,), seconds.", "float64, seconds.", "does not say the shape of wait_s"),
        ("wait_s, target_s\n", "wait_s, target_s, age_s\n", "documents age_s"),
        ("    Parameters\n", "    Arguments\n", "does not document wait_s"),
    ],
)
def test_a_seeded_fault_is_found(old: str, new: str, said: str) -> None:
    """The check sees a missing parameter, dtype or shape, and a parameter that is gone."""
    assert faults(module_of("solver.seeded", GOOD)) == []
    seeded = GOOD.replace(old, new)
    assert seeded != GOOD
    assert any(said in fault for fault in faults(module_of("solver.seeded", seeded)))


def test_house_names_for_njit_count_as_njit() -> None:
    """Any spelling of njit makes a kernel; private kernels and plain functions are free."""
    assert faults(module_of("solver.seeded", "@numba.njit\ndef f(a): return a"))
    assert faults(module_of("solver.seeded", "@njit\ndef _f(a): return a")) == []
    assert faults(module_of("solver.seeded", "def f(a): return a")) == []


def test_what_all_rules_take_is_said_once() -> None:
    """A parameter in the file's own docstring is documented for every kernel of the file."""
    rule = "@njit\ndef f(state):\n    return state[0]\n"
    page = '"""\nRules.\n\nParameters\n----------\nstate\n    record (1,), the state.\n"""\n'
    assert faults(module_of("solver.seeded", rule)) != []
    assert faults(module_of("solver.seeded", page + rule)) == []


def test_plain_numbers_have_plain_types_and_arrays_have_sized_ones() -> None:
    """``int`` will do for a number; an array of them needs to say int of how many bits."""
    page = '"""\nF.\n\nParameters\n----------\na\n    int (n,), rows.\n"""\n'
    assert faults(module_of("solver.seeded", page + "@njit\ndef f(a):\n    return a + 1\n")) == []
    (fault,) = faults(module_of("solver.seeded", page + "@njit\ndef f(a):\n    return a[0]\n"))
    assert "does not say the dtype of a" in fault
