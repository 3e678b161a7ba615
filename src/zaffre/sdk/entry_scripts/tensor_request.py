"""From a scoring request to the tensors that a model takes. Sent beside the entry scripts of ONNX and TensorFlow."""

import numpy
import scoring_request
from scoring_request import Misfit


class Part:
    """One input: its numpy type, the name that its framework has for that, and its sizes, None for any."""

    def __init__(self, dtype, kind, sizes):
        self.dtype = dtype
        self.kind = kind
        self.sizes = sizes  # None: any number of dimensions

    @property
    def shape(self):
        return "any" if self.sizes is None else f"[{', '.join('any' if s is None else str(s) for s in self.sizes)}]"

    def fits(self, shape):
        return self.sizes is None or (
            len(shape) == len(self.sizes)
            and all(wanted in (None, size) for wanted, size in zip(self.sizes, shape, strict=True))
        )

    def zeros(self):
        sizes = [1 if size is None else size for size in self.sizes or [None]]
        return numpy.full(sizes, "" if self.dtype is numpy.object_ else 0, dtype=self.dtype).tolist()


class Inputs:
    """All inputs of a model by name."""

    def __init__(self, parts):
        self.parts = parts

    @property
    def expected(self):
        return "; ".join(f"{name}: {part.kind} of shape {part.shape}" for name, part in self.parts.items())

    def tensors(self, table):
        """An array for each input. Raises ``Misfit``."""
        values = self._values(table)
        return {name: self._tensor(name, value) for name, value in zip(self.parts, values, strict=True)}

    def _values(self, table):
        names = list(self.parts)
        if table.names is None:
            if len(names) > 1:
                raise Misfit(f"The model has {len(names)} inputs, so send them by name. Expected are {self.expected}.")
            return [table.rows]
        nested = len(table.names) == 1 and isinstance(table.column(table.names[0])[0], list)
        if set(table.names) == set(names):
            return [self._column(table.column(name), self.parts[name]) for name in names]
        if len(names) > 1 or nested or set(table.names) & set(names):
            scoring_request.in_order(table, names)  # says what is missing
        return [table.rows]  # one input, whose columns have names that the model has not

    def _column(self, column, part):
        """Single values are rows of one, where the input has rows."""
        if isinstance(column[0], list) or part.sizes is None or len(part.sizes) < 2:
            return column
        return [[value] for value in column]

    def _tensor(self, name, value):
        try:
            made = numpy.asarray(value, dtype=self.parts[name].dtype)
        except (ValueError, TypeError, OverflowError) as error:
            raise Misfit(f"The input {name} cannot be made of it: {error}. Expected are {self.expected}.") from None
        if not self.parts[name].fits(made.shape):
            raise Misfit(f"The input {name} was sent with the shape {list(made.shape)}. Expected are {self.expected}.")
        return made

    def swagger(self, answer, outputs):
        """The schemas of /swagger.json; zeros are their example where ``answer(Asked)`` can answer them."""
        if len(self.parts) == 1:
            data = {"type": "array", "items": {}, "description": self.expected}
        else:
            described = {
                name: {"type": "array", "items": {}, "description": part.shape} for name, part in self.parts.items()
            }
            data = {"type": "object", "properties": described, "required": list(self.parts)}
        found = {"type": "object", "properties": {"data": data}, "required": ["data"]}
        output = {"type": "object", "properties": {name: {"type": "array", "items": {}} for name in outputs}}
        zeros = {name: part.zeros() for name, part in self.parts.items()}
        example = {"data": zeros if len(zeros) > 1 else next(iter(zeros.values()))}
        try:
            table = scoring_request.table_of("data", example["data"], tabular=False)
            output["example"] = answer(scoring_request.Asked(table, example, "data"))
            found["example"] = example
        except Exception as error:
            print(f"Zeros are no example for this model: {error}")
        return {"input": found, "output": output}


def plain(value):
    """Tensors as lists, and sequences of maps, such as the probabilities of classifiers, as lists of objects."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return plain(value.tolist()) if hasattr(value, "tolist") else value
