"""Whole conversations, graded on what they leave behind: which appointments stand, and what a person has to do."""

import pytest

from tests.sms import hard_stories, stories
from tests.sms.conversing import Story, play


@pytest.mark.parametrize("story", [*stories.ALL, *hard_stories.ALL], ids=lambda story: story.name)
async def test_conversations(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)
