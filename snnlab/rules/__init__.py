"""The rule language: one small Python function on scalars becomes compiled code.

A function is read from its source (`source`), checked and turned into a small typed tree
(`parse`, `expressions`, `scope`, `tree`), freed of branches (`select`) and written as Numba source
(`emit_numba`), which `kernel` compiles and `cache` keeps on disk. The tree knows nothing of its
target, so that other targets read the same tree.

The language has

* numbers and truth values: state, parameters and input are reals of the kernel's precision;
  literals such as ``2``, loop variables and ``poisson(lam)`` are whole numbers of 32 bits, which
  become reals where they meet one; the type of a local variable is found by itself;
* ``+ - * / // % **``, comparisons (chained ones too), ``and or not``, ``a if c else b``;
* assignments to local variables and to the state, also ``+=`` and the like;
* ``if elif else``, ``for i in range(...)``, ``return``;
* ``exp log sqrt tanh abs min max floor ceil`` and ``uniform() normal() poisson(lam)``, written
  plainly or as ``math.exp``, ``np.exp``; `intrinsics` has them all for import;
* numbers of the module in which the function stands; they are constants.

Both sides of a choice are computed and one is taken: nothing has side effects, so only the time
shows it. A power with a whole exponent is a product; any other needs a base greater than 0.
"""
