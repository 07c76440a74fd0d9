"""What the chapters of *Large AI Models, Executed* share.

Modules: runtime, data, models, training, generation, measure, check, plots, records; and exercises.
Imports go one way, as the table in CONTRIBUTING.md says; a test holds it.
"""
