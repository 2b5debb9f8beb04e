"""Who of a unit is called while its roster says who is on duty."""

from __future__ import annotations

from warning_dispatch.escalation.roster import Rostered, off_duty
from warning_dispatch.model.unit import Role

A, B, DUTY = Role.PRIMARY, Role.DEPUTY, Role.DUTY
HOLDERS = [(1, A), (2, A), (3, B), (4, DUTY), (5, A)]


def test_without_a_roster_roles_decide() -> None:
    """Everybody is called."""
    assert off_duty(HOLDERS, []) == frozenset()


def test_the_others_of_the_role_who_stand_in_the_roster_are_left_out() -> None:
    """1 is on, 2 is not; 5 stands in no roster and is called as ever; B and the duty room are other roles."""
    assert off_duty(HOLDERS, [Rostered(1, on=True), Rostered(2, on=False)]) == {2}


def test_a_gap_leaves_nobody_out() -> None:
    """Nobody of the role is on duty: as if there were no roster."""
    assert off_duty(HOLDERS, [Rostered(1, on=False), Rostered(2, on=False)]) == frozenset()


def test_somebody_on_duty_in_another_role_silences_nobody() -> None:
    """The roster speaks role by role, or a clerk's duty would silence the head of the village."""
    assert off_duty(HOLDERS, [Rostered(3, on=True), Rostered(1, on=False)]) == frozenset()


def test_on_duty_without_a_number_counts_for_nobody() -> None:
    """9 cannot be reached (out of use, gone): the others are called."""
    assert off_duty(HOLDERS, [Rostered(9, on=True), Rostered(1, on=False), Rostered(2, on=False)]) == frozenset()
