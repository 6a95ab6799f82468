"""The rule language: one small Python function on scalars becomes compiled code.

A function is read from its source (`source`), checked and turned into a small typed tree
(`parse`, `expressions`, `tree`), freed of branches (`select`) and written as Numba source
(`emit_numba`), which `kernel` compiles and `cache` keeps on disk. The tree knows nothing of its
target, so that other targets read the same tree.
"""
