import bentoml
import numpy as np
import score


@bentoml.service(workers=1, traffic={"timeout": 60}, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Digits:
    def __init__(self):
        score.init()

    @bentoml.api(route="/score")
    def one(self, data: list[list[float]]) -> list[int]:
        return score.model.predict(np.array(data)).tolist()

    @bentoml.api(route="/batched", batchable=True, max_batch_size=64)
    def many(self, data: np.ndarray) -> np.ndarray:
        return score.model.predict(data)
