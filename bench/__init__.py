"""The benchmarks: `./dev bench`. Budgets are ratios to something measured in the same run; see docs/performance.md."""
