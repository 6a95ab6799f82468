"""Tables lie in their pools one behind the other; `wide` is as long as the tables that use it."""

from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE, pool_bases, pool_sizes

KINDS = [SHARED, PACKED, PLASTIC, WIDE, PACKED, SHARED, WIDE]
SIZES = [5, 7, 11, 13, 17, 19, 23]


def test_wide_and_plastic_tables_come_first():
    assert pool_bases(KINDS, SIZES) == [47, 0, 36, 0, 7, 52, 13]


def test_pools_have_room_for_all_their_tables():
    assert pool_sizes(KINDS, SIZES) == (71, 24, 47)
    assert pool_sizes([], []) == (0, 0, 0)
