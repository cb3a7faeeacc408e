"""Benchmarks; each module is a program: ``python -m benchmarks.overhead torch``. ``make bench`` runs them all."""
