"""Asks the installed torch what its operators save, write and return. The linter never runs this.

`python -m datalint.ops.observe` writes `observed.tsv` anew. A *call* is one public function or
method with arguments; `database`, `probes` and `modules` gather calls, `witness` makes each of them
and says what it saw, `names` tells how callers spell it, `schemas` adds what torch says of
itself, and `table` sums the calls of an operator up to one row.
"""
