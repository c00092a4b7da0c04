"""The inner loops of the solver: whole numbers, plain loops, and a generator of our own.

The same text runs twice: as plain Python on lists, and compiled by numba on arrays (see
``_engine``). So nothing here may depend on which of the two it is: no floats, no ``random``, no
number above 63 bits, no Python object. Both give the same plan, on every machine.

A *part* is what becomes a base grid; a label says which part an atom is in. The steps, in turn:

- :func:`seed_parts` cuts along that edge of a spanning tree whose two sides can be divided further
  and whose cut is cheapest. A side of a tree is connected, so every part is. (Windows on trees are
  polynomial: Ito, Nishizeki, Schröder, Uno, Zhou, Algorithmica 62, 2012.)
- :func:`anneal` moves atoms over borders, cheaper or, while it is hot, dearer (Kirkpatrick, Gelatt,
  Vecchi 1983). What would hang loose moves along, so that no part ever falls apart. Every few steps
  two neighbors become one and are cut anew along a tree (DeFord, Duchin, Solomon, "Recombination",
  2021). A part outside its window pays, and more so the longer it takes.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LOOPS", "ONE", "Bonds", "Graph", "Wanted", "Work", "anneal", "seed_parts"]

ONE = 256
"""Costs are counted in this fraction of one cut weight."""

Row = list[int]
"""A list of whole numbers, or an array of them."""


class Graph(NamedTuple):
    """Atoms and edges: those of atom v are ``first[v] <= e < first[v + 1]``, each seen from both ends.

    ``size[v * measures + j]`` is what atom v counts in measure j; measure 0 is households.
    """

    first: Row
    other: Row
    weight: Row
    size: Row
    measures: int


class Wanted(NamedTuple):
    """The window of a part in each measure, and what one unit and the fact of missing it cost."""

    low: Row
    high: Row
    price: Row
    fee: Row


class Bonds(NamedTuple):
    """What ties atoms to grids that were: old layers, and the grid of before.

    ``olds[v * layers + l]`` is the old grid of atom v in layer l, ``met[old * parts + part]`` counts
    its atoms in a part; *loyalty* is the price of every further part that an old grid lies in.
    ``home[v]`` is the part that atom v was in (-1: none), ``stay[v]`` what leaving it costs.
    """

    layers: int
    parts: int
    loyalty: int
    settled: int
    olds: Row
    met: Row
    home: Row
    stay: Row


class Work(NamedTuple):
    """Room to count in; ``place`` is -1 everywhere between two steps, and ``state`` is the generator's."""

    state: Row
    luck: Row
    order: Row
    up: Row
    place: Row
    below: Row
    across: Row
    side: Row
    best: Row
    queue: Row
    mark: Row
    pool_from: Row
    pool_to: Row
    pool_weight: Row


def draw(state: Row, below: int) -> int:
    """Give a number from 0 up to *below* (xorshift, Marsaglia 2003)."""
    x = state[0]
    x ^= (x << 13) & 0xFFFFFFFF
    x ^= x >> 17
    x ^= (x << 5) & 0xFFFFFFFF
    state[0] = x
    return x % below


def owed(value: int, low: int, high: int, price: int, fee: int) -> int:
    """Give what a part pays that counts *value* in a window."""
    if value < low:
        return fee + (low - value) * price
    if value > high:
        return fee + (value - high) * price
    return 0


def charge(wanted: Wanted, total: Row, measures: int, part: int) -> int:
    """Give what a part pays in all measures."""
    cost = 0
    for j in range(measures):
        value = total[part * measures + j]
        if value < wanted.low[j]:
            cost += wanted.fee[j] + (wanted.low[j] - value) * wanted.price[j]
        elif value > wanted.high[j]:
            cost += wanted.fee[j] + (value - wanted.high[j]) * wanted.price[j]
    return cost


def move_bonds(bonds: Bonds, v: int, a: int, b: int) -> int:
    """Book atom *v* from part *a* to *b*; give what that costs."""
    cost = 0
    if bonds.settled:
        if bonds.home[v] == a:
            cost += bonds.stay[v]
        elif bonds.home[v] == b:
            cost -= bonds.stay[v]
    if bonds.loyalty:
        for j in range(bonds.layers):
            row = bonds.olds[v * bonds.layers + j] * bonds.parts
            bonds.met[row + a] -= 1
            if bonds.met[row + a] == 0:
                cost -= bonds.loyalty
            if bonds.met[row + b] == 0:
                cost += bonds.loyalty
            bonds.met[row + b] += 1
    return cost


def grow_tree(graph: Graph, work: Work, label: Row, one: int, two: int, start: int) -> int:
    """Grow a random spanning tree over the atoms of two parts that likes heavy edges; give its size.

    ``order`` lists its atoms, parents first; ``up`` is the place of the parent in that list.
    """
    first, other, weight = graph.first, graph.other, graph.weight
    order, up, place = work.order, work.up, work.place
    pool_from, pool_to, pool_weight = work.pool_from, work.pool_to, work.pool_weight
    count = 0
    waiting = 1
    pool_from[0] = -1
    pool_to[0] = start
    pool_weight[0] = 0
    while waiting:
        pick = draw(work.state, waiting)
        rival = draw(work.state, waiting)
        if pool_weight[rival] > pool_weight[pick]:
            pick = rival
        v = pool_to[pick]
        parent = pool_from[pick]
        waiting -= 1
        pool_from[pick] = pool_from[waiting]
        pool_to[pick] = pool_to[waiting]
        pool_weight[pick] = pool_weight[waiting]
        if place[v] >= 0:
            continue
        order[count] = v
        up[count] = parent
        place[v] = count
        for e in range(first[v], first[v + 1]):
            u = other[e]
            if place[u] < 0 and (label[u] == one or label[u] == two):
                pool_from[waiting] = count
                pool_to[waiting] = u
                pool_weight[waiting] = weight[e]
                waiting += 1
        count += 1
    return count


def weigh_tree(graph: Graph, work: Work, count: int) -> None:
    """For every atom of the tree: what hangs ``below`` it in each measure, and the cut ``across`` that."""
    first, other, weight = graph.first, graph.other, graph.weight
    order, up, place, below, across = work.order, work.up, work.place, work.below, work.across
    measures = graph.measures
    for i in range(count):
        across[i] = 0
        for j in range(measures):
            below[i * measures + j] = graph.size[order[i] * measures + j]
    for i in range(count):
        v = order[i]
        for e in range(first[v], first[v + 1]):
            p = place[other[e]]
            if p > i:
                # An edge is cut below every atom between its ends and where their ways up meet.
                across[i] += weight[e]
                across[p] += weight[e]
                x = i
                while x != p:
                    if x > p:
                        x = up[x]
                    else:
                        p = up[p]
                across[x] -= 2 * weight[e]
    for i in range(count - 1, 0, -1):
        across[up[i]] += across[i]
        for j in range(measures):
            below[up[i] * measures + j] += below[i * measures + j]


def hang_below(work: Work, out: Row, count: int, root: int) -> int:
    """List in *out* the atoms that hang below place *root* of the tree; give how many."""
    order, up, flag = work.order, work.up, work.pool_from
    flag[root] = 1
    out[0] = order[root]
    found = 1
    for i in range(root + 1, count):
        flag[i] = 0
        if up[i] >= root and flag[up[i]] == 1:
            flag[i] = 1
            out[found] = order[i]
            found += 1
    return found


def clear_tree(work: Work, count: int) -> None:
    """Forget the places of a tree."""
    for i in range(count):
        work.place[work.order[i]] = -1


def share_of(value: int, whole: int, parts: int) -> int:
    """Give how many of *parts* a side should become, at least one for it and one for the rest."""
    share = (2 * parts * value + whole) // (2 * whole) if whole > 0 else 1
    return min(max(share, 1), parts - 1)


def seed_parts(
    graph: Graph, wanted: Wanted, work: Work, label: Row, shares: Row, atoms: int, parts: int, trees: int
) -> int:
    """Divide connected atoms (all labelled 0) into at most *parts*; give how many they became."""
    measures = graph.measures
    below, side = work.below, work.side
    shares[0] = parts
    made = 1
    todo = 0
    while todo < made:
        here = 0
        for v in range(atoms):
            if label[v] == todo:
                side[here] = v
                here += 1
        if shares[todo] <= 1 or here <= 1:
            todo += 1
            continue
        best = 0
        best_share = 1
        best_count = 0
        for _ in range(trees):
            count = grow_tree(graph, work, label, todo, todo, side[draw(work.state, here)])
            weigh_tree(graph, work, count)
            best_at = -1
            for i in range(1, count):
                share = share_of(below[i * measures], below[0], shares[todo])
                rest = shares[todo] - share
                cost = work.across[i] * ONE
                for j in range(measures):
                    value = below[i * measures + j]
                    low, high, price = wanted.low[j], wanted.high[j], wanted.price[j]
                    cost += owed(value, low * share, high * share, price, 0)
                    cost += owed(below[j] - value, low * rest, high * rest, price, 0)
                if (best_count == 0 and best_at < 0) or cost < best:
                    best = cost
                    best_at = i
                    best_share = share
            if best_at >= 0:
                best_count = hang_below(work, work.best, count, best_at)
            clear_tree(work, count)
        for i in range(best_count):
            label[work.best[i]] = made
        shares[made] = best_share
        shares[todo] -= best_share
        made += 1
    return made


def take_along(graph: Graph, work: Work, label: Row, v: int, members: int, tick: int) -> int:
    """List in ``side`` what must leave the part of *v* with it, so that the rest hangs together.

    That is *v* itself and, where the rest falls apart, all but its largest piece.

    :returns: how many; at least one atom of the part stays.
    """
    first, other = graph.first, graph.other
    order, side, mark = work.order, work.side, work.mark
    part = label[v]
    side[0] = v
    taken = 1
    mark[v] = tick
    kept = 0
    kept_from = 0
    for e in range(first[v], first[v + 1]):
        start = other[e]
        if label[start] != part or mark[start] == tick:
            continue
        mark[start] = tick
        order[0] = start
        head = 0
        tail = 1
        while head < tail:
            x = order[head]
            head += 1
            for f in range(first[x], first[x + 1]):
                u = other[f]
                if label[u] == part and mark[u] != tick:
                    mark[u] = tick
                    order[tail] = u
                    tail += 1
        if tail == members - 1:
            return 1
        # Pieces are listed one after the other; the largest so far is known by where it begins.
        for i in range(tail):
            side[taken + i] = order[i]
        if tail > kept:
            kept = tail
            kept_from = taken
        taken += tail
    for i in range(kept_from + kept, taken):
        side[i - kept] = side[i]
    return taken - kept


def hangs_together(graph: Graph, work: Work, label: Row, v: int, ties: int, tick: int) -> bool:
    """Say whether the first *ties* atoms of ``queue`` can reach each other in their part without *v*."""
    first, other = graph.first, graph.other
    order, queue, mark, place = work.order, work.queue, work.mark, work.place
    part = label[v]
    mark[v] = tick
    for i in range(1, ties):
        place[queue[i]] = 0
    order[0] = queue[0]
    mark[queue[0]] = tick
    left = ties - 1
    head = 0
    tail = 1
    while head < tail and left > 0:
        x = order[head]
        head += 1
        for e in range(first[x], first[x + 1]):
            u = other[e]
            if label[u] == part and mark[u] != tick:
                mark[u] = tick
                order[tail] = u
                tail += 1
                if place[u] == 0:
                    left -= 1
    for i in range(1, ties):
        place[queue[i]] = -1
    return left == 0


def tree_cost(graph: Graph, wanted: Wanted, work: Work, i: int) -> int:
    """Give what two parts cost that are cut above place *i* of a tree."""
    measures, below = graph.measures, work.below
    cost = work.across[i] * ONE
    for j in range(measures):
        value = below[i * measures + j]
        low, high, price, fee = wanted.low[j], wanted.high[j], wanted.price[j], wanted.fee[j]
        cost += owed(value, low, high, price, fee) + owed(below[j] - value, low, high, price, fee)
    return cost


def cheapest_edge(graph: Graph, wanted: Wanted, work: Work, count: int) -> int:
    """Give the place of a tree above which it is best cut in two."""
    best = 0
    best_at = 0
    for i in range(1, count):
        cost = tree_cost(graph, wanted, work, i)
        if best_at == 0 or cost < best:
            best = cost
            best_at = i
    return best_at


def recombine(
    graph: Graph,
    wanted: Wanted,
    bonds: Bonds,
    work: Work,
    label: Row,
    total: Row,
    members: Row,
    v: int,
    b: int,
    heat: int,
) -> None:
    """Make the part of *v* and its neighbor *b* one and cut it anew along a tree, if *heat* allows."""
    first, other, weight = graph.first, graph.other, graph.weight
    order, below, side = work.order, work.below, work.side
    measures = graph.measures
    a = label[v]
    count = grow_tree(graph, work, label, a, b, v)
    weigh_tree(graph, work, count)
    before = 0
    for i in range(count):
        x = order[i]
        if label[x] == a:
            for e in range(first[x], first[x + 1]):
                if label[other[e]] == b:
                    before += weight[e]
    before = before * ONE + charge(wanted, total, measures, a) + charge(wanted, total, measures, b)
    best_at = cheapest_edge(graph, wanted, work, count)
    best = tree_cost(graph, wanted, work, best_at) - before
    found = hang_below(work, side, count, best_at)
    # The side that was rather of b stays b.
    mine = 0
    for i in range(found):
        if label[side[i]] == b:
            mine += 1
    inner = a
    outer = b
    if 2 * mine >= found:
        inner = b
        outer = a
    for i in range(found):
        work.mark[side[i]] = -1
    if bonds.settled or bonds.loyalty:
        for i in range(count):
            x = order[i]
            after = inner if work.mark[x] == -1 else outer
            if after != label[x]:
                best += move_bonds(bonds, x, label[x], after)
    if best <= heat:
        for i in range(count):
            x = order[i]
            label[x] = inner if work.mark[x] == -1 else outer
        for j in range(measures):
            total[inner * measures + j] = below[best_at * measures + j]
            total[outer * measures + j] = below[j] - below[best_at * measures + j]
        members[inner] = found
        members[outer] = count - found
    elif bonds.settled or bonds.loyalty:
        for i in range(count):
            x = order[i]
            after = inner if work.mark[x] == -1 else outer
            if after != label[x]:
                move_bonds(bonds, x, after, label[x])
    for i in range(found):
        work.mark[side[i]] = 0
    clear_tree(work, count)


def cut_change(graph: Graph, work: Work, label: Row, taken: int, a: int, b: int) -> int:
    """Give by how much the cut grows if the first *taken* atoms of ``side`` go from part *a* to *b*."""
    first, other, weight = graph.first, graph.other, graph.weight
    side = work.side
    # Booked as b for a moment: edges inside of what moves then look like edges to b, and cancel out.
    for i in range(taken):
        label[side[i]] = b
        work.place[side[i]] = 0
    change = 0
    for i in range(taken):
        v = side[i]
        for e in range(first[v], first[v + 1]):
            u = other[e]
            if label[u] == a:
                change += weight[e]
            elif label[u] == b and work.place[u] < 0:
                change -= weight[e]
    for i in range(taken):
        label[side[i]] = a
        work.place[side[i]] = -1
    return change


def shift(
    graph: Graph,
    wanted: Wanted,
    bonds: Bonds,
    work: Work,
    label: Row,
    total: Row,
    members: Row,
    v: int,
    b: int,
    heat: int,
    tick: int,
) -> None:
    """Move atom *v*, and what would hang loose without it, to part *b*, if *heat* allows.

    :param tick: with the number after it, marks that were never used.
    """
    first, other, weight, size = graph.first, graph.other, graph.weight, graph.size
    queue, side = work.queue, work.side
    measures = graph.measures
    a = label[v]
    change = 0
    ties = 0
    for e in range(first[v], first[v + 1]):
        part = label[other[e]]
        if part == a:
            change += weight[e]
            queue[ties] = other[e]
            ties += 1
        elif part == b:
            change -= weight[e]
    taken = 1
    side[0] = v
    if ties > 1 and not hangs_together(graph, work, label, v, ties, tick):
        taken = take_along(graph, work, label, v, members[a], tick + 1)
        change = cut_change(graph, work, label, taken, a, b)
    change = change * ONE - charge(wanted, total, measures, a) - charge(wanted, total, measures, b)
    for i in range(taken):
        for j in range(measures):
            value = size[side[i] * measures + j]
            total[a * measures + j] -= value
            total[b * measures + j] += value
    change += charge(wanted, total, measures, a) + charge(wanted, total, measures, b)
    if bonds.settled or bonds.loyalty:
        for i in range(taken):
            change += move_bonds(bonds, side[i], a, b)
    if change <= heat:
        for i in range(taken):
            label[side[i]] = b
        members[a] -= taken
        members[b] += taken
        return
    for i in range(taken):
        for j in range(measures):
            value = size[side[i] * measures + j]
            total[a * measures + j] += value
            total[b * measures + j] -= value
        if bonds.settled or bonds.loyalty:
            move_bonds(bonds, side[i], b, a)


def anneal(
    graph: Graph,
    wanted: Wanted,
    bonds: Bonds,
    work: Work,
    label: Row,
    total: Row,
    members: Row,
    atoms: int,
    sweeps: int,
    hot: int,
    cooling: int,
    growth: int,
    every: int,
) -> None:
    """Improve a division in place.

    :param sweeps: how often, on average, each atom is looked at; the last tenth only gets cheaper.
    :param hot: the first temperature, in costs; :param cooling: and *growth* (of the prices) are
        the factors from sweep to sweep, of 65536.
    :param every: two parts are recombined at every so-manieth border that is met.
    """
    first, other, state, luck = graph.first, graph.other, work.state, work.luck
    temperature = hot
    met = 0
    # Marks count from the beginning again; one that an earlier run left behind would look like reached.
    for v in range(atoms):
        work.mark[v] = 0
    for sweep in range(sweeps):
        if sweep * 10 >= sweeps * 9:
            temperature = 0
        for _ in range(atoms):
            v = draw(state, atoms)
            degree = first[v + 1] - first[v]
            if degree == 0:
                continue
            b = label[other[first[v] + draw(state, degree)]]
            if b == label[v]:
                continue
            met += 1
            heat = temperature * luck[draw(state, 1024)] >> 10
            if met % every == 0:
                recombine(graph, wanted, bonds, work, label, total, members, v, b, heat)
            elif members[label[v]] > 1:
                shift(graph, wanted, bonds, work, label, total, members, v, b, heat, 2 * met)
        temperature = temperature * cooling >> 16
        for j in range(graph.measures):
            wanted.price[j] = wanted.price[j] * growth >> 16
            wanted.fee[j] = wanted.fee[j] * growth >> 16


LOOPS = (
    draw,
    owed,
    charge,
    move_bonds,
    grow_tree,
    weigh_tree,
    hang_below,
    clear_tree,
    share_of,
    seed_parts,
    take_along,
    hangs_together,
    tree_cost,
    cheapest_edge,
    recombine,
    cut_change,
    shift,
    anneal,
)
"""Every function here, those that are called before those that call them."""
