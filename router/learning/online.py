"""
Learning from corrections, one at a time, on a copy that serves nobody.

A correction is one exact step in the dual of the squared hinge loss from where the weights are: the passive-aggressive
update PA-II, which is what training itself does with a message it sees for the first time (``svm.descend``). The
model that serves never changes; a copy becomes a candidate like any other.

References
----------
.. [1] Crammer, Dekel, Keshet, Shalev-Shwartz and Singer (2006). Online passive-aggressive algorithms. Journal of
   Machine Learning Research 7, 551-585.
"""

from typing import Final

import numpy as np

from router.signals import heads, svm
from router.signals.model import OUT_OF_SCOPE, Model, Recipe, make_model
from router.signals.training import matrix

COST: Final = 0.5
"""What an error costs against a change of the weights: PA-II's C. A quarter of training's, as one person said so."""


class OnlineCopy:
    """A copy of a model that takes in corrections."""

    def __init__(self, model: Model) -> None:
        self._parent = model
        self._weights = np.zeros(
            (1 << model.bits, heads.width_of(len(model.labels))), dtype=np.float32
        )
        self._weights[:, : len(model.labels)] = model.floats()
        self._place = {label: n for n, label in enumerate(model.labels)}
        self._place[OUT_OF_SCOPE] = svm.NOBODY
        self.learned = 0
        self.unknown = 0
        """Corrections to labels that the model was not trained on: they need training anew."""

    @property
    def parent(self) -> str:
        """Return the id of the model that was copied."""
        return self._parent.id

    def learn(self, text: str, label: str) -> bool:
        """Take in what a message is in truth; return whether that is a label the model knows."""
        place = self._place.get(label)
        if place is None:
            self.unknown += 1
            return False
        row = matrix([text], self._parent.bits)
        target = np.array([[place, COST]], dtype=np.float32)
        order = np.zeros((1, 1), dtype=np.int32)
        svm.descend(row.ptr, row.ids, row.values, target, order, self._weights)
        self.learned += 1
        return True

    def model(self) -> Model:
        """Return the copy as a model; its calibration is its parent's, which the gate will look at."""
        parent = self._parent
        recipe = Recipe(
            name=parent.name,
            labels=parent.labels,
            calibration=parent.calibration,
            data={"parent": parent.id, "corrections": self.learned},
        )
        return make_model(self._weights[:, : len(parent.labels)], recipe)
