"""``python lit_score.py PORT ROWS``: ROWS in one call at most."""

import sys

import litserve
import numpy as np
import score

ROWS = int(sys.argv[2])


class Digits(litserve.LitAPI):
    def setup(self, _device):
        score.init()

    def decode_request(self, request):
        return np.array(request["data"])

    def batch(self, inputs):
        return np.concatenate(inputs)

    def predict(self, data):
        return score.model.predict(data)

    def unbatch(self, output):
        return [[label] for label in output]

    def encode_response(self, output):
        return np.asarray(output).tolist()


if __name__ == "__main__":
    api = Digits(max_batch_size=ROWS, batch_timeout=0.02 if ROWS > 1 else 0.0, api_path="/score")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False, log_level="error"
    )
