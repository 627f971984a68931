"""Judgement about review: who may work on a job, what a decision may say, what follows from it."""
