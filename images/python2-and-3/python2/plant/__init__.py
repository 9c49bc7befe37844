"""What the plant's old recorder knows of a reading. Python 2 only, as it always was."""

from plant.reading import Reading, by_tag_and_time

__all__ = ["Reading", "by_tag_and_time"]
