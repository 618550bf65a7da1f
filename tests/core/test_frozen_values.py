"""What the core gives out cannot be changed by whoever gets it."""

import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import pytest

import registry.core


def public_values() -> Iterator[Any]:
    for module in pkgutil.iter_modules(registry.core.__path__, "registry.core."):
        for name, item in inspect.getmembers(import_module(module.name), inspect.isclass):
            if item.__module__ == module.name and is_dataclass(item) and not name.startswith("_"):
                yield pytest.param(item, id=f"{module.name}.{name}")


@pytest.mark.parametrize("value", list(public_values()))
def test_a_public_dataclass_is_frozen(value: Any) -> None:
    assert value.__dataclass_params__.frozen
