"""How far one word is from another."""


def distance(one: str, other: str) -> int:
    """Letters to add, drop, change, or exchange with their neighbour to make one word of the other."""
    if one == other:
        return 0
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        above, row = row, [place]
        for at, wanted in enumerate(other, 1):
            cost = min(above[at] + 1, row[at - 1] + 1, above[at - 1] + (letter != wanted))
            if at > 1 and place > 1 and letter == other[at - 2] and one[place - 2] == wanted:
                cost = min(cost, before[at - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
