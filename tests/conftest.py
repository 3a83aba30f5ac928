"""The order of the files: what takes long begins first, so that no worker is left alone with it in the end."""

import pytest

_LONGEST_FIRST = ("machine", "system", "contract", "unit", "bench")


@pytest.hookimpl(trylast=True)  # once they are shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[bool, int]:
        folder = next((name for name in _LONGEST_FIRST if name in item.path.parts), "")
        return item.path not in slow, _LONGEST_FIRST.index(folder) if folder else len(_LONGEST_FIRST)

    items.sort(key=place)
