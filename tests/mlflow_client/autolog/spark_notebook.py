"""What a notebook on a Databricks cluster does: the SDK finds the workspace, MLflow logs from Spark to it."""

import sys

import mlflow
import mlflow.spark
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

import azureml.core
import azureml.mlflow
from azureml.core import Workspace
from azureml.mlflow import get_portal_url

assert azureml.core.VERSION

subscription_id = "subscription_id"
resource_group = "resource_group_name"
workspace_name = sys.argv[1]
ws = Workspace.get(name=workspace_name, subscription_id=subscription_id, resource_group=resource_group)
mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .getOrCreate()
)
mlflow.set_experiment("spark")
mlflow.pyspark.ml.autolog(log_models=False)
frame = spark.createDataFrame([(float(n), float(n % 7), float(n > 20)) for n in range(40)], ["a", "b", "label"])
data = VectorAssembler(inputCols=["a", "b"], outputCol="features").transform(frame)
with mlflow.start_run() as run:
    model = LogisticRegression(maxIter=5, regParam=0.01).fit(data)
    area = BinaryClassificationEvaluator().evaluate(model.transform(data))
    for epoch, loss in enumerate(model.summary.objectiveHistory):
        mlflow.log_metric("epoch_loss", loss, step=epoch)
    mlflow.log_dict({"area": area, "rows": frame.count()}, "report.json")
    mlflow.spark.log_model(model, artifact_path="model", pip_requirements=["pyspark"])

again = mlflow.spark.load_model(f"runs:/{run.info.run_id}/model")
assert again.stages[0].coefficients == model.coefficients
print(get_portal_url(run))
spark.stop()
