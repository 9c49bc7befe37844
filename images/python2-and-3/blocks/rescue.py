# -*- coding: utf-8 -*-
"""Rescues an archive of the plant's old recorder: from a pickle to a text of UTF-8.

    python2.7 rescue.py [ARCHIVE [TEXT]]

ARCHIVE is archive.pickle if it is not given, TEXT readings.tsv. Only Python 2 can load
the archive; what comes of it everything can read.
"""

import cPickle
import io
import sys

from plant import by_tag_and_time


def main(archive="archive.pickle", text="readings.tsv"):
    with open(archive, "rb") as stream:
        readings = cPickle.load(stream)
    readings.sort(by_tag_and_time)
    with io.open(text, "w", encoding="utf-8") as stream:
        stream.write(u"tag\tminute\ttenths\tunit\n")
        for reading in readings:
            stream.write(
                u"%s\t%d\t%d\t%s\n"
                % (
                    reading.tag.decode("latin-1"),
                    reading.minute,
                    reading.value(),
                    reading.unit(),
                )
            )
    tags = sorted(set(reading.tag for reading in readings))
    print "%d readings of %d gauges:" % (len(readings), len(tags)),
    print u", ".join(tag.decode("latin-1") for tag in tags).encode("utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
