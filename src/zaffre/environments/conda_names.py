"""Conda packages and the packages of the Python index that stand for them, and conda's way to write versions.

Only names in these tables are translated: a name that means one thing to conda may be another project's on the
index, so a guess would install a stranger's code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from zaffre.core.errors import InvalidValue, Unsupported

# conda name -> index name, where they differ.
RENAMED: Final[dict[str, str]] = {
    "dask-core": "dask",
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "opencv": "opencv-python-headless",
    "psycopg2": "psycopg2-binary",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pysocks": "PySocks",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ray-core": "ray",
    "ray-default": "ray",
    "ray-tune": "ray",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
}

_SAME_NAMES: Final = """
absl-py accelerate adlfs aiohttp albumentations altair apscheduler arrow astropy attrs azure-common azure-core
azure-cosmos azure-eventhub azure-identity azure-keyvault-secrets azure-mgmt-core azure-mgmt-resource
azure-servicebus azure-storage-blob azure-storage-common azure-storage-file azure-storage-file-datalake babel
beautifulsoup4 black bleach bokeh boto3 botocore bottleneck brotlipy cachetools catboost category_encoders certifi
cffi chardet charset-normalizer click cloudpickle colorama configparser contourpy coverage cryptography cvxpy cycler
cython dask dask-kubernetes dask-ml dataclasses datasets datashader decorator deepspeed dice-ml dill distributed
docker docopt econml einops eli5 evaluate fairlearn faiss-cpu fastai fastapi fastparquet fbprophet filelock fire
flake8 flask flask-cors flatbuffers fonttools fsspec future fuzzywuzzy gast gensim geopandas gitpython greenlet
grpcio gunicorn gym h5py holidays holoviews httpx huggingface-hub hydra-core hyperopt idna imageio imbalanced-learn
imgaug implicit importlib-metadata importlib-resources inference-schema iniconfig interpret interpret-community
ipykernel ipython ipywidgets isort itsdangerous jax jaxlib jinja2 joblib jsonlines jsonpickle jsonschema jupyter
jupyterlab keras kiwisolver lightgbm lightning llvmlite loguru lxml lz4 markdown markupsafe marshmallow matplotlib
mlflow mlflow-skinny mlxtend mock more-itertools mpi4py msgpack msrest multidict mypy nbconvert nbformat networkx
nltk nose notebook numba numexpr numpy oauthlib omegaconf onnx onnxruntime openpyxl opt_einsum optuna orjson
packaging pandas papermill paramiko patsy pickle5 pillow pip plotly pmdarima polars pre-commit prettytable
prompt-toolkit prophet protobuf psutil py-spy pyarrow pyasn1 pycocotools pycparser pydantic pydot pyflakes pygments
pyjwt pyodbc pyopenssl pyparsing pyproj pyrsistent pyspark pytest pytest-cov python-dateutil python-dotenv
python-snappy pytorch-lightning pytz pywavelets pyyaml pyzmq raiwidgets rapidfuzz ray regex requests
requests-oauthlib responses rich s3fs sacremoses scikit-image scikit-learn scikit-learn-intelex scikit-optimize
scikit-plot scipy seaborn sentence-transformers sentencepiece setuptools shap shapely simplejson six skl2onnx
sklearn-pandas slicer smart_open snakeviz sortedcontainers spacy sqlalchemy sqlparse statsmodels sympy tabulate tbb
tenacity tensorboard tensorboardx tensorflow tensorflow-datasets tensorflow-estimator tensorflow-hub
tensorflow-probability termcolor textblob threadpoolctl tifffile timm tokenizers toml toolz torchaudio torchmetrics
torchtext torchvision tornado tox tqdm traitlets transformers typer typing-extensions tzlocal ujson umap-learn
urllib3 uvicorn wandb watchdog wcwidth werkzeug wheel wordcloud wrapt xarray xgboost xlrd xlsxwriter yarl zarr zipp
"""

# The same project under the same name in both worlds.
SAME: Final = frozenset(_SAME_NAMES.split())

_CARRIED_NAMES: Final = """
_libgcc_mutex _openmp_mutex blas bzip2 ca-certificates cpuonly cuda cudatoolkit cudnn expat intel-openmp
ld_impl_linux-64 libblas libexpat libffi libgcc libgcc-ng libgomp libnsl libopenblas libsqlite libstdcxx-ng libuuid
libxcrypt libzlib llvm-openmp mkl mkl-service mkl_fft mkl_random nccl ncurses nomkl openblas openmp openssl
python_abi pytorch-cuda pytorch-mutex readline sqlite tk xz zlib
"""

# Libraries that the index's wheels carry inside them: needed by no one here.
CARRIED: Final = frozenset(_CARRIED_NAMES.split())

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s\[\]]+?)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?:\[(?P<bracket>[^\]]*)\])?\s*(?P<rest>.*)"
)
_CLAUSE = re.compile(r"(?P<op>==|>=|<=|!=|~=|>|<|=)?\s*(?P<version>[A-Za-z0-9_.!+*-]+)")


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """One line of a conda file's dependencies."""

    name: str  # lower case
    clauses: tuple[tuple[str, str], ...]  # (operator, version); "=" is conda's prefix match
    text: str  # as the user wrote it
    channel: str | None = None

    @property
    def plain(self) -> str:
        """The text without its channel."""
        return self.text.partition("::")[2].strip() if self.channel else self.text


def read(text: str) -> CondaPackage:
    """Read a package's name and channel, and leave its version to conda's solver; raises ``InvalidValue``."""
    match = _match(text)
    return CondaPackage(match["name"].lower(), (), text.strip(), match["channel"])


def _match(text: str) -> re.Match[str]:
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(f"{text!r} is not a conda package: write NAME or NAME=VERSION.")
    return match


def parse(text: str) -> CondaPackage:
    """Read ``[channel::]name[=version[=build]]`` or ``name OP version,...``; raises ``InvalidValue`` naming it."""
    match = _match(text)
    rest = match["rest"].strip()
    if match["bracket"]:
        rest = rest or _bracket_version(match["bracket"], text)
    return CondaPackage(match["name"].lower(), _clauses(rest, text), text.strip(), match["channel"])


def _bracket_version(bracket: str, text: str) -> str:
    version = re.search(r"version\s*=\s*['\"]?([^'\"\]]+)['\"]?", bracket)
    if version is None:
        raise Unsupported(f"The conda package {text!r} selects by something else than a version: write NAME=VERSION.")
    return version[1].strip()


def _clauses(rest: str, text: str) -> tuple[tuple[str, str], ...]:
    if not rest or rest == "*":
        return ()
    if "|" in rest:
        raise Unsupported(f"The conda package {text!r} offers several versions with '|': name one version or a range.")
    if " " in rest and not re.search(r"[<>=!~]", rest):  # "1.2.3 py37_0": version and build
        rest = "=" + rest.split()[0]
    clauses = []
    for part in rest.split(","):
        # "=1.2.3=py37_0" ends in a build string, which only conda knows.
        exact = re.fullmatch(r"(={1,2})\s*([^=\s]+)(?:\s*=\s*[^=\s]*)?", part.strip())
        if exact:
            clauses.append((exact[1], exact[2]))
            continue
        clause = _CLAUSE.fullmatch(part.strip())
        if clause is None:
            raise InvalidValue(f"The version in the conda package {text!r} cannot be read at {part.strip()!r}.")
        clauses.append((clause["op"] or "=", clause["version"]))
    return tuple(clauses)


def to_pip(package: CondaPackage) -> str | None:
    """The index's requirement for a conda package; None where the index's wheels carry it inside.

    Raises ``KeyError`` for a name that stands in no table.
    """
    name = package.name
    if name in CARRIED:
        return None
    if name in RENAMED:
        index_name = RENAMED[name]
    elif name.replace("_", "-") in SAME or name in SAME or name.startswith("azureml-"):
        index_name = name
    else:
        raise KeyError(name)
    return index_name + ",".join(_pip_clause(op, version) for op, version in package.clauses)


def _pip_clause(op: str, version: str) -> str:
    if op == "=":
        return f"=={version}" if version.endswith("*") else f"=={version}.*"
    if op in (">=", "<=", ">", "<", "~=") and version.endswith(".*"):
        return op + version.removesuffix(".*")
    return op + version
