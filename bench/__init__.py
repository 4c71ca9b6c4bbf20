"""The benchmarks: `python -m bench [names] [--json FILE]`. Budgets are ratios to something measured in the same run."""
