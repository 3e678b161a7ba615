"""What a scoring request says. Sent beside the entry script of a model that is deployed without one.

Every shape is read into one ``Table``: Azure's ``{"data": ...}`` and ``input_data``, MLflow's ``dataframe_split``,
``dataframe_records``, ``instances`` and ``inputs``. Rows are lists, objects by column, or single values.
"""

import json

AZURE = ("data", "input_data")
MLFLOW = ("dataframe_split", "dataframe_records", "instances", "inputs")
_BESIDE = ("method", "columns", "index", "params", "signature_name")


class Misfit(ValueError):
    """The request cannot be answered: the sentence says what is wrong and what is expected."""


class Table:
    """``rows`` are lists of equal length where ``names`` says what stands in them, else whatever was sent.

    ``parts`` has the columns by name where the request was written so.
    """

    def __init__(self, rows, names=None, parts=None):
        self.rows = rows
        self.names = names
        self.parts = parts

    def column(self, name):
        if self.parts is not None:
            return self.parts[name]
        place = self.names.index(name)
        return [row[place] for row in self.rows]


class Asked:
    """One request: its table, the method it names, and whether the answer is MLflow's ``predictions``."""

    def __init__(self, table, body, shape):
        self.table = table
        self.method = body.get("method")
        self.signature = body.get("signature_name")
        self.is_mlflow = shape in MLFLOW


def read(raw_data, tabular=True):
    """The request. ``tabular``: columns must be of equal length. Raises ``Misfit``."""
    try:
        body = json.loads(raw_data)
    except ValueError as error:
        raise Misfit(f"The request is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Misfit(f'The request must be a JSON object such as {{"data": [...]}}, not {_kind(body)}.')
    shapes = [name for name in (*AZURE, *MLFLOW) if name in body]
    if len(shapes) != 1:
        said = f"has {' and '.join(shapes)}" if shapes else "has none of them"
        raise Misfit(f"A request has one of {', '.join((*AZURE, *MLFLOW))}; this one {said}.")
    unknown = [name for name in body if name not in (*AZURE, *MLFLOW, *_BESIDE)]
    if unknown:
        raise Misfit(f"The request has {', '.join(unknown)}, which nothing reads.")
    if body.get("params"):
        raise Misfit("This model takes no params: leave them out.")
    shape = shapes[0]
    if shape == "data" and "columns" in body:
        return Asked(_split(body), body, shape)
    if "columns" in body:
        raise Misfit(f'"columns" stands beside "data", not beside "{shape}".')
    if shape == "dataframe_split":
        return Asked(_split(body[shape]), body, shape)
    return Asked(table_of(shape, body[shape], tabular), body, shape)


def _split(value):
    if not isinstance(value, dict) or not isinstance(value.get("columns"), list) or "data" not in value:
        raise Misfit('A data frame in parts is {"columns": [names], "data": [rows]}.')
    names = [str(name) for name in value["columns"]]
    rows = value["data"]
    if not isinstance(rows, list):
        raise Misfit(f"data must be a list of rows, not {_kind(rows)}.")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            said = f"{len(row)} values" if isinstance(row, list) else _kind(row)
            raise Misfit(f"Row {number} must be a list of {len(names)} values, one for each column; it is {said}.")
    return _filled(Table(rows, names))


def table_of(shape, value, tabular=True):
    if isinstance(value, dict):
        if "columns" in value and "data" in value:
            return _split(value)
        return _by_columns(shape, value, tabular)
    if not isinstance(value, list):
        raise Misfit(f"{shape} must be a list of rows, or an object of columns, not {_kind(value)}.")
    kinds = {type(row) if isinstance(row, (dict, list)) else object for row in value}
    if len(kinds) > 1:
        raise Misfit(f"The rows of {shape} must all be lists, all objects or all single values.")
    if kinds == {dict}:
        return _by_records(value)
    if kinds == {list}:
        widths = [len(row) for row in value]
        for number, width in enumerate(widths):
            if width != widths[0]:
                raise Misfit(f"Row {number} of {shape} has {width} values, and row 0 has {widths[0]}.")
    return _filled(Table(value))


def _by_columns(shape, value, tabular):
    names = list(value)
    for name in names:
        if not isinstance(value[name], list):
            raise Misfit(f"The column {name} of {shape} must be a list of values, not {_kind(value[name])}.")
        if tabular and len(value[name]) != len(value[names[0]]):
            raise Misfit(f"The column {name} has {len(value[name])} values, and {names[0]} has {len(value[names[0]])}.")
    return _filled(Table([list(row) for row in zip(*value.values(), strict=False)], names, value))


def _by_records(rows):
    names = list(rows[0])
    for number, row in enumerate(rows):
        if set(row) != set(names):
            odd = sorted(set(row) ^ set(names))
            raise Misfit(f"Row {number} and row 0 differ in {', '.join(odd)}: each row names the same columns.")
    return _filled(Table([[row[name] for name in names] for row in rows], names))


def _filled(table):
    if not table.rows:
        raise Misfit("The request has no rows.")
    return table


def _kind(value):
    if value is None:
        return "null"
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)


def in_order(table, expected):
    """The rows with their columns in the order of ``expected``. Raises ``Misfit`` where they differ."""
    missing = [name for name in expected if name not in table.names]
    unknown = [name for name in table.names if name not in expected]
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(unknown)}, which the model does not know"] if unknown else []
        raise Misfit(f"The request {' and '.join(parts)}. Expected are the columns {', '.join(expected)}.")
    places = [table.names.index(name) for name in expected]
    return [[row[place] for place in places] for row in table.rows]
