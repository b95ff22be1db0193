"""What the shop costs, as ratios to floors measured in the same run: `make bench`, or `hanse bench`.

`suite.py` runs everything in order on a throw-away stack (`ground.py`); load comes from a process of its own (`driver.py`,
which does what `jobs.py` knows); `budget.py` says what is wanted, `report.py` and `plot.py` what was found.
`reserve_stock.py` and `import_catalogue.py` also run by themselves. docs/performance.md explains the figures.
"""
