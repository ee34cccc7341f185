"""Random tensor programs, judged by PyTorch and by the linter: do the two agree?

`python -m tests.random_programs --count 20000` is the long run.
"""
