"""Tables of a page."""

from __future__ import annotations

import re
from itertools import groupby


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page in Markdown, each as rows of cells without the row of dashes.

    Every row of a table has as many cells as the first, and the second row says how they are aligned.
    """
    found = []
    for is_table, lines in groupby(page.splitlines(), key=lambda line: line.startswith("|")):
        if is_table:
            rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
            assert all(len(row) == len(rows[0]) for row in rows), rows[0]
            assert all(re.fullmatch("---:?", cell) for cell in rows[1]), rows[1]
            found.append([rows[0], *rows[2:]])
    return found
