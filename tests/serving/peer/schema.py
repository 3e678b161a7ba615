import numpy
import pandas
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

ARRAY = NumpyParameterType(numpy.array([[1.0, 2.0, 3.0]]))
FRAME = PandasParameterType(pandas.DataFrame({"a": [1], "b": ["x"]}))
NESTED = StandardPythonParameterType({"array": ARRAY, "name": StandardPythonParameterType("n")})


def init():
    pass


@input_schema("data", ARRAY)
@input_schema("frame", FRAME, optional=True)
@input_schema("nested", NESTED, optional=True)
@input_schema("factor", StandardPythonParameterType(2.0), optional=True)
@output_schema(StandardPythonParameterType({"sum": 1.0}))
def run(data, frame=None, nested=None, factor=2.0):
    if factor == 13:
        raise ValueError("unlucky")
    found = {"sum": float(data.sum() * factor), "kind": type(data).__name__}
    if frame is not None:
        found["frame"] = [type(frame).__name__, frame.shape, [str(t) for t in frame.dtypes]]
    if nested is not None:
        found["nested"] = [type(nested["array"]).__name__, nested["name"]]
    return found
