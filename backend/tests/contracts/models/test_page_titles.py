"""What is told of a page that a model server sends instead of an answer."""

import pytest

from watchbill.adapters.openai_chat.said import page_title


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<html><head><title>502 Bad Gateway</title></head><body>no</body>", "502 Bad Gateway"),
        ("<TITLE lang='en'>\n Not\n found </TITLE>", "Not found"),
        ("<p>Only <b>text</b></p>", "Only text"),
        ("<title>never closed", "never closed"),
        ("<title", "<title"),
        ("", ""),
    ],
)
def test_the_title_or_what_it_begins_with(page: str, title: str):
    assert page_title(page) == title


@pytest.mark.parametrize("part", ["<title>", "<title", "<", "<a", "</title>", "<title></title"])
def test_what_begins_again_and_again_is_read_once(part: str):
    """Followed to its end each time, it took a second of the loop that all share."""
    assert isinstance(page_title(part * 5_000), str)
