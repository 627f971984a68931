"""What an organisation configures: policies, actions, text banks, rules and queues.

Each noun is a frozen value with one `parse_*` (a stored or submitted JSON document in, every
problem at once out) and one `*_document` (the canonical JSON document, with `"schema": 1`).
"""
