"""A live call to speak into: keeps what was said, takes the words or not as it is told."""


class FakePush:
    """Allows every control URL but those that hold `evil`; `delivers` says whether the platform takes the words."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.transferred: list[tuple[str, str]] = []
        self.delivers = True

    def allows(self, url: str | None) -> bool:
        return url is not None and "evil" not in url

    async def say(self, url: str, text: str) -> bool:
        self.said.append((url, text))
        return self.delivers

    async def transfer(self, url: str, number: str, text: str) -> bool:
        self.transferred.append((url, number))
        return self.delivers
