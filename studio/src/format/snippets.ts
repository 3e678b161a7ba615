/** Ready-to-paste code for what a page shows. */

export function openWorkspace(ws: string): string {
  return `Workspace.get("${ws}")`;
}

export function loadModel(ws: string, name: string, version: number): string {
  return `from azureml.core import Model, Workspace

model = Model(${openWorkspace(ws)}, name="${name}", version=${version})
path = model.download(target_dir="models", exist_ok=True)`;
}

export function deployModel(ws: string, name: string, version: number): string {
  return `from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import LocalWebservice

ws = ${openWorkspace(ws)}
service = Model.deploy(
    ws,
    "${serviceName(name)}",
    models=[Model(ws, name="${name}", version=${version})],
    inference_config=InferenceConfig(
        source_directory="service",
        entry_script="score.py",  # init() loads the model, run(data) answers a request
        environment=Environment.from_pip_requirements("serve", "requirements.txt"),
    ),
    deployment_config=LocalWebservice.deploy_configuration(),
)
service.wait_for_deployment(show_output=True)
print(service.scoring_uri)`;
}

const SERVED_AS_THEY_ARE = ["ScikitLearn", "Onnx", "TensorFlow"];

/** Whether a model needs no entry script: its framework, or MLflow, says how it is loaded. */
export function isServedAsItIs(model: { framework?: string | null; source: string }): boolean {
  return SERVED_AS_THEY_ARE.includes(model.framework ?? "") || model.source !== "";
}

export function deployAsItIs(ws: string, name: string, version: number): string {
  return `from azureml.core import Model, Workspace
from azureml.core.webservice import LocalWebservice

ws = ${openWorkspace(ws)}
service = Model.deploy(
    ws,
    "${serviceName(name)}",
    models=[Model(ws, name="${name}", version=${version})],
    deployment_config=LocalWebservice.deploy_configuration(),
)  # needs no entry script
service.wait_for_deployment(show_output=True)
print(service.scoring_uri)`;
}

export function deployInShell(ws: string, name: string, version: number): string {
  return `zaffre service deploy ${serviceName(name)} --model ${name}:${version} --workspace ${ws}`;
}

/** A service's name allows less than a model's: lower-case letters, digits and hyphens, 3 to 32 of them. */
function serviceName(model: string): string {
  const plain = model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return `${plain || "model"}-service`.slice(0, 32).replace(/-+$/, "");
}

export function trackingUri(ws: string, origin: string): string {
  return ws === "default" ? origin : `${origin}/workspaces/${encodeURIComponent(ws)}`;
}

export function loadLoggedModel(ws: string, origin: string, id: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri(ws, origin)}")
model = mlflow.pyfunc.load_model("models:/${id}")`;
}

export function registerModel(ws: string, name = "my-model"): string {
  return `from azureml.core import Model, Workspace

Model.register(${openWorkspace(ws)}, model_path="model.pkl", model_name=${JSON.stringify(name)})`;
}

export function registerFromRun(): string {
  return `run.register_model(model_name="my-model", model_path="outputs/model.pkl")`;
}

export function callWithCurl(uri: string, body: string, keyed = false): string {
  const key = keyed ? `\n  -H "Authorization: Bearer $KEY" \\` : "";
  return `curl -X POST '${uri}' \\${key}
  -H 'Content-Type: application/json' \\
  -d '${body.replaceAll("'", "'\\''")}'`;
}

export function callWithPython(uri: string, body: string, keyed = false): string {
  const key = keyed ? `, "Authorization": "Bearer " + os.environ["KEY"]` : "";
  return `import json
${keyed ? "import os\n" : ""}import urllib.request

body = ${JSON.stringify(body)}
request = urllib.request.Request(
    "${uri}", body.encode(), {"Content-Type": "application/json"${key}}
)
with urllib.request.urlopen(request) as response:
    print(json.load(response))`;
}

export function callWithSdk(ws: string, name: string, body: string): string {
  return `from azureml.core import Webservice, Workspace

service = Webservice(${openWorkspace(ws)}, "${name}")
print(service.run(${JSON.stringify(body)}))`;
}

/** Reads what an endpoint collected. */
export function readCollected(ws: string, name: string): string {
  return `from azureml.core import Webservice, Workspace

service = Webservice(${openWorkspace(ws)}, "${name}")
frame = service.get_collected_data("inputs")  # pandas; since="2026-11-20" for a part`;
}

/** What a script and its deployment need for data collection. */
export function switchCollectionOn(name: string): string {
  return `# score.py
from azureml.monitoring import ModelDataCollector

def init():
    global inputs
    inputs = ModelDataCollector("my-model", designation="inputs")

def run(raw_data):
    data = json.loads(raw_data)["data"]
    inputs.collect(data)
    ...

# deploy it again
config = AciWebservice.deploy_configuration(collect_model_data=True)
Model.deploy(ws, "${name}", [model], inference_config, config, overwrite=True)`;
}

export function registerEnvironment(ws: string): string {
  return `from azureml.core import Environment, Workspace

environment = Environment.from_conda_specification("train", "conda.yml")
environment.register(${openWorkspace(ws)})`;
}

export function createCompute(ws: string): string {
  return `from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

ComputeTarget.create(
    ${openWorkspace(ws)},
    "cpu-cluster",
    AmlCompute.provisioning_configuration(vm_size="LOCAL", max_nodes=2),
).wait_for_completion()`;
}
