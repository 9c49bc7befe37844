"""Tables of text, with every column as wide as its widest cell."""


def format_table(headings, rows):
    """Right-aligned columns under their headings; no line ends in blanks."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths)).rstrip()
        for line in lines
    )
