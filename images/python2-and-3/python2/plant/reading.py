# -*- coding: utf-8 -*-
"""A reading of the plant's old recorder, as its archives have been pickled since 2004.

The class is of the old style, and its texts are bytes of Latin-1: Python 3 has neither,
and reads no such archive.
"""


class Reading:
    """``raw`` is what the converter counted, 0 to 4095; ``tag`` names the gauge."""

    SCALES = {"T": (-50, 250, u"\xb0C"), "P": (0, 16, u"bar"), "F": (0, 80, u"m\xb3/h")}

    def __init__(self, tag, minute, raw):
        self.tag, self.minute, self.raw = tag, minute, raw

    def kind(self):
        return self.tag[0]

    def value(self):
        """In tenths of the unit, rounded down, as the recorder's own display did."""
        low, high, _ = self.SCALES[self.kind()]
        return 10 * low + 10 * (high - low) * self.raw / 4095

    def unit(self):
        return self.SCALES[self.kind()][2]


def by_tag_and_time(one, other):
    return cmp(one.tag, other.tag) or cmp(one.minute, other.minute)
