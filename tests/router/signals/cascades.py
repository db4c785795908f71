"""Messages of a made-up desk, and vectors that say what they mean, for the tests of tier 1."""

import numpy as np

from router.signals.rows import Row

ASKED = {
    "refund": ["money back please", "refund my order", "i want my money returned", "repay me"],
    "lost_card": ["my card is lost", "cannot find my card", "card gone missing", "lost the card"],
    "top_up": ["top up failed", "how to top up", "my top up did not work", "add money by card"],
}
ENDINGS = ["", " now", " today", " please help", " thanks", " asap", " again", " hello"]
DIMENSIONS = 6


def desk():
    """Return 96 labelled messages."""
    return [
        Row(text + ending, label)
        for label, texts in ASKED.items()
        for text in texts
        for ending in ENDINGS
    ]


def vectors_of(rows, noise=0.3, seed=4):
    """Return unit vectors (n, 6) that lie near one direction for each label."""
    chance = np.random.default_rng(seed)
    labels = sorted({row.label for row in rows})
    near = np.eye(DIMENSIONS)[[labels.index(row.label) for row in rows]]
    made = near + noise * chance.standard_normal(near.shape)
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
