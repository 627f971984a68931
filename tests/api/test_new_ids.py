"""Ids of submissions and requests."""

from __future__ import annotations

import os
import uuid

from api.new_ids import new_id


def test_every_id_is_a_random_uuid_and_no_two_are_the_same() -> None:
    ids = [new_id() for _ in range(2_000)]
    assert len(set(ids)) == len(ids)
    for each in ids:
        read = uuid.UUID(each)
        assert (read.version, read.variant, str(read)) == (4, uuid.RFC_4122, each)


def test_a_forked_process_has_ids_of_its_own() -> None:
    new_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 36).decode()
    assert theirs not in {new_id() for _ in range(600)}
    os.close(reader)
    os.close(writer)
