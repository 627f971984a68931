"""The rule language: one boolean SQL expression over an item, with one meaning everywhere.

check      author's text -> Checked (a Predicate, or everything that is wrong with it)
row        predicates -> one generated Python function for the item that just arrived
duckdb     predicates -> SQL for the million that arrived last month
reference  the page that documents every operator and function, from the registry
"""
