"""What a reader of stamped pieces makes of its reads."""

from bench.trails import Trail


def piece(number: int, sent: int) -> bytes:
    return b'data: {"delta":"<%05d@%016d>"}\n\n' % (number, sent)


def test_pieces_are_found_wherever_the_reads_are_cut() -> None:
    wire = b"".join(piece(number, 1000 * number) for number in range(1, 21))
    for size in (1, 7, 50, 5000):
        trail = Trail(21)
        trail.take(piece(0, 1), 500_000)
        for start in range(0, len(wire), size):
            trail.take(wire[start : start + size], 1_000_000)
        trail.status = 200
        assert trail.problem is None
        assert len(trail.delays) == 21
        assert trail.duration == 0.5
        assert round(trail.stretch) == round(500_000 / 19_999)


def test_what_is_wrong_is_named() -> None:
    lost, short, refused = Trail(3), Trail(2), Trail(1)
    lost.take(piece(0, 1) + piece(2, 1), 2)
    short.take(piece(0, 1), 2)
    lost.status = short.status = 200
    refused.status = 502
    assert lost.problem == "piece 2 came instead of 1"
    assert short.problem == "1 pieces instead of 2"
    assert refused.problem == "HTTP 502"
