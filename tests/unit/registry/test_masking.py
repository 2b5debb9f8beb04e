"""Numbers stay private: how they look on pages and in logs."""

from __future__ import annotations

import pytest

from warning_dispatch.model.masking import mask


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("+8626010005678", "260****5678"),
        ("+863580000345", "35****345"),
        ("+8612379", "1****9"),
        ("110", "****"),
        ("", "****"),
        ("duty@host.example", "d***@host.example"),
        ("@host.example", "***@host.example"),
    ],
)
def test_enough_is_hidden(address: str, masked: str) -> None:
    """A person recognises the own number; nobody can dial it."""
    assert mask(address) == masked


def test_never_more_than_two_thirds_are_shown() -> None:
    """Short numbers show less, not all."""
    for length in range(1, 16):
        shown = mask("+" + "7" * length).replace("*", "")
        assert len(shown) <= length * 2 / 3
