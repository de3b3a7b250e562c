"""Seals of any size: the same bytes as `sonae.seal.tree`, hashed many at a time.

Arrays in, arrays out; no files, threads or clock. For whoever seals in parts, on threads or on
machines of a cluster, this is all that is needed:

    hashing = choose(n)                     compiled, or plain where Numba is not there
    digests = hashing.accounts(texts)       A of each account text
    found = hashing.leaves(key, digests, assets, amounts, parts)     salts and rows, in no order
    found = ordered(found)                  one asset's leaves, or a range of its salts, ascending
    nodes = subtree(first, found.rows, hashing)     the few nodes that cover just these
    root, total = combine(nodes, leaves)    of one asset: from the nodes of all its ranges

A *row* is 48 bytes: hash and sum. `first` is the place among all leaves of the asset of the first
row of a range: the number of leaves with a smaller salt. Ranges may be of any size and come in any
order; ranges by the first bits of the salt need no comparison across them. `numpy` and, where it
can be imported, `numba` are used here and nowhere else in `sonae.seal`.
"""

from sonae.seal.fast.arrays import Leaves, Texts, ordered
from sonae.seal.fast.hashing import Hashing, choose
from sonae.seal.fast.subtrees import Node, combine, subtree

__all__ = ["Hashing", "Leaves", "Node", "Texts", "choose", "combine", "ordered", "subtree"]
