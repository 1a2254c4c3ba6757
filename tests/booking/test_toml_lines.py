"""Where a key of a TOML file stands."""

import pytest

from app.booking.toml_lines import line_of

TEXT = """\
# a comment
top = 1
[a.b]          # line 3
key = [
  "x",
]
"quoted key" = 2
dotted.name = 3
[[a.list]]
id = 1
[a.list.inner]
deep = 1
[[a.list]]
id = 2
[a.list.inner]
deep = 2
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("a",), 3),
        (("a", "b"), 3),
        (("a", "b", "key"), 4),
        (("a", "b", "key", 0), 4),
        (("a", "b", "quoted key"), 7),
        (("a", "b", "dotted", "name"), 8),
        (("a", "list", 0, "id"), 10),
        (("a", "list", 0, "inner", "deep"), 12),
        (("a", "list", 1), 13),
        (("a", "list", 1, "id"), 14),
        (("a", "list", 1, "inner", "deep"), 16),
        (("a", "b", "missing"), 3),
        (("nowhere",), None),
    ],
)
def test_a_key_is_found_or_else_its_nearest_parent(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line
