import { openWorkspace, trackingUri } from "../format/snippets";
import { CodeBlock } from "./CodeBlock";
import { useWorkspace } from "./WorkspaceContext";

/** The first run, in the three ways people arrive here. */
export function GettingStarted() {
  const ws = useWorkspace();
  const origin = window.location.origin;
  const tracking = trackingUri(ws, origin);
  const open = openWorkspace(ws);
  const log = `from azureml.core import Experiment, Workspace

run = Experiment(${open}, "first").start_logging()
for epoch in range(10):
    run.log("loss", 1 / (epoch + 1))
run.complete()`;
  const submit = `from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

config = ScriptRunConfig(
    source_directory="src",
    script="train.py",
    arguments=["--epochs", 10],
    compute_target="local",
    environment=Environment.from_conda_specification("train", "conda.yml"),
)
run = Experiment(${open}, "first").submit(config)
run.wait_for_completion(show_output=True)`;
  const mlflow = `import mlflow

mlflow.set_tracking_uri("${tracking}")
mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("lr", 0.1)
    mlflow.log_metric("loss", 0.5)`;
  return (
    <CodeBlock
      snippets={[
        { title: "Log a run", code: log },
        { title: "Submit a script", code: submit },
        { title: "MLflow", code: mlflow },
      ]}
    />
  );
}
