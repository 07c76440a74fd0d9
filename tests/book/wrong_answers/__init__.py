"""Planted wrong answers, one module for each chapter with exercises: the checks must reject them.

A module holds RIGHT, an accepted answer for each exercise, and WRONG, at least two rejected ones,
each with the mistake in words.
"""
