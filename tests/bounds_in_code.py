"""Finds the numbers of a module that may bound something: its constants, and what is written straight into code."""

import ast
import re
from collections.abc import Iterator

BOUNDING = re.compile(
    r"_?((\w+_)?(timeout|deadline|limit|grace|patience|max|most|longest|connections|s|ms)"
    r"|(max|most|longest)(_\w+|(?-i:[A-Z])\w*)|maxsize|maxlen|px|ex|le|lt)",
    re.IGNORECASE,
)
"""Names of arguments, of parameters and of keys that say that their number bounds something."""
WAITING = {"Timeout", "call_later", "sleep", "timeout", "timeout_at", "wait_for", "BoundedSemaphore", "Semaphore"}
"""Calls that bound something by an argument without a name, as `limit` does for rows where it is more than one."""
OF_NUMBERS = {
    "Decimal",
    "MappingProxyType",
    "float",
    "frozenset",
    "int",
    "max",
    "min",
    "range",
    "round",
    "set",
    "timedelta",
    "tuple",
}
"""Calls that make one number of others, or several."""


def constants(source: str) -> set[str]:
    """Names that a module binds to a number, to what is reckoned from numbers, or to nothing but numbers."""
    return {name for name, value in _bindings(ast.parse(source).body) if _literal(value) and _numeric(value)}


def in_place(source: str) -> set[str]:
    """Numbers with a bounding name in code: `callee(name=3)`, `{name: 3}`, `name = 3`, `len(all) <> 3`. 0 is none."""
    module = ast.parse(source)
    seen = {value for _, value in _bindings(module.body) if _numeric(value)}
    found = set()
    for node in ast.walk(module):
        if node in seen:
            continue
        for where, name, value in _named(node):
            if _literal(value) and _numeric(value) and not _is_zero(value):
                found.add(where.format(f"{name}{ast.unparse(value)}"))
    return found


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value
        elif isinstance(node, ast.If | ast.Try):
            yield from _bindings([*node.body, *node.orelse])


def _named(node: ast.AST) -> Iterator[tuple[str, str, ast.expr]]:
    """How to write it, the name with what stands before the number, and the number."""
    match node:
        case ast.Call():
            yield from _arguments(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _defaults(node)
        case ast.ClassDef():
            yield from (
                (f"{node.name}({{}})", f"{name}=", value) for name, value in _bindings(node.body) if _bounds(name)
            )
        case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if _bounds(name):
            yield "{}", f"{name} = ", value
        case ast.Compare():
            yield from _compared(node)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and _bounds(key.value):
                    yield "{{{}}}", f"{key.value}: ", value


def _bounds(name: str) -> bool:
    return BOUNDING.fullmatch(name) is not None


def _arguments(call: ast.Call) -> Iterator[tuple[str, str, ast.expr]]:
    callee = ast.unparse(call.func).rpartition(".")[2]
    where = f"{callee}({{}})" if callee.isidentifier() else "({})"
    for argument in call.keywords:
        if argument.arg and _bounds(argument.arg):
            yield where, f"{argument.arg}=", argument.value
    if callee in WAITING or (callee == "limit" and [ast.unparse(row) for row in call.args] != ["1"]):
        yield from ((where, "", argument) for argument in call.args)


def _compared(compared: ast.Compare) -> Iterator[tuple[str, str, ast.expr]]:
    """A length that is held against a number; up to three tell whether there is any, or which of a few shapes it is."""
    sides = [compared.left, *compared.comparators]
    for left, sign, right in zip(sides, compared.ops, sides[1:], strict=False):
        for length, number in ((left, right), (right, left)):
            counts = isinstance(length, ast.Call) and ast.unparse(length.func) == "len"
            few = isinstance(number, ast.Constant) and number.value in range(4)
            if counts and not few and not isinstance(sign, ast.Eq | ast.NotEq):
                yield f"{ast.unparse(length)} {{}}", "<> ", number


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str, ast.expr]]:
    given = function.args
    pairs = [
        *zip(reversed([*given.posonlyargs, *given.args]), reversed(given.defaults), strict=False),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        if default is not None and _bounds(parameter.arg):
            yield f"{function.name}({{}})", f"{parameter.arg}=", default


def _literal(value: ast.expr) -> bool:
    """Whether a number is written there at all, or reckoned: another name for one adds none."""
    return any(isinstance(node, ast.BinOp) or _is_number(node) or _is_quoted(node) for node in ast.walk(value))


def _numeric(value: ast.expr) -> bool:
    """Whether it is made of numbers, and of constants that others are held to."""
    match value:
        case ast.Constant():
            return _is_number(value)
        case ast.Name():
            return value.id.isupper()
        case ast.UnaryOp(operand=inside) | ast.Starred(value=inside):
            return _numeric(inside)
        case ast.Subscript():
            return _numeric(value.value) and _is_number(value.slice)
        case ast.BinOp():
            return _numeric(value.left) and _numeric(value.right)
        case ast.Tuple() | ast.List() | ast.Set():
            return bool(value.elts) and all(map(_numeric, value.elts))
        case ast.Dict():
            return bool(value.values) and all(_numeric(number) or _is_quoted(number) for number in value.values)
        case ast.Call():
            return _numeric_call(value)
    return False


def _numeric_call(call: ast.Call) -> bool:
    callee = ast.unparse(call.func).rpartition(".")[2]
    if callee == "fromkeys":
        return len(call.args) > 1 and _numeric(call.args[1])
    return callee in OF_NUMBERS and all(map(_numeric, [*call.args, *(argument.value for argument in call.keywords)]))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_quoted(node: ast.AST) -> bool:
    """A number as databases take their settings."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isdecimal()


def _is_zero(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not float(value.value)
