"""Tests of what measures: a load generator that is wrong makes every figure wrong."""
