"""Which pages reach nobody, by who has receivers."""

import pytest

from app.watch.unheard import unheard


@pytest.mark.parametrize(
    ("own", "by_business", "pages", "why"),
    [
        (["json://ops"], {"acme": []}, None, ""),
        (["json://ops"], {}, None, ""),
        ([], {}, "pages that reach nobody", "whatever goes wrong, nobody is told"),
        ([], {"acme": [], "zenith": ()}, "pages that reach nobody", "whatever goes wrong, nobody is told"),
        (
            [], {"acme": ["json://acme"]}, "pages about the whole installation that reach nobody",
            "of what concerns the whole installation, as its database does, nobody is told",
        ),
        (
            [], {"acme": ["json://acme"], "b": [], "c": []}, "pages about the whole installation that reach nobody",
            "nobody is told, nor of what concerns b, c",
        ),
        (
            [], {"a": ["x"], **dict.fromkeys("bcdef", ())}, "pages about the whole installation that reach nobody",
            "nobody is told, nor of what concerns b, c, d and 2 more",
        ),
    ],
)  # fmt: skip
def test_who_hears_of_what(own: list[str], by_business: dict[str, list[str]], pages: str | None, why: str) -> None:
    found = unheard(own, by_business)

    assert (found.pages if found else None) == pages
    if found:
        assert found.why.endswith(why)
        assert found.sentence == (
            f"{found.why}. Set READBACK_PAGE_URLS to where whoever runs this installation is reached; "
            "`readback doctor --page` tries it."
        )
