"""What the chapters of *Large AI Models, Executed* share.

`runtime` settings · `data` sets · `models` · `training` · `measure` · `check` · `plots` · `records`.
Imports go one way, as the table in CONTRIBUTING.md says; a test holds it.
"""
