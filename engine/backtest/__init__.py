"""What a rule would have done: the question, the counting over parts of history, the report."""
