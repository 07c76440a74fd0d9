"""`utils.parallel`: functions run in every process, meet there, and fail with a sentence."""

import os

import pytest
import torch
import torch.distributed as dist

from utils.parallel import Processes


def test_processes_share_nothing_but_messages_and_fail_with_a_sentence():
    pair = Processes(2)
    try:

        def total(rank, values):
            mine = values[rank].clone()
            dist.all_reduce(mine)
            return rank, os.getpid(), mine

        values = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
        results = pair.run(total, values)
        assert [rank for rank, *_ in results] == [0, 1]
        assert len({os.getpid(), *(pid for _, pid, _ in results)}) == 3
        assert all(torch.equal(one, values.sum(0)) for *_, one in results)
        assert pair.run(lambda rank: rank) == [0, 1]
        with pytest.raises(RuntimeError, match="Process 1 failed: ZeroDivisionError"):
            pair.run(lambda rank: 1 / (1 - rank))
        with pytest.raises(RuntimeError, match="closed"):
            pair.run(lambda rank: rank)
    finally:
        pair.close()
        pair.close()


def test_no_processes_are_refused():
    with pytest.raises(ValueError, match="At least one"):
        Processes(0)
