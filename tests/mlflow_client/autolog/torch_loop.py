"""A training loop of one's own: a loss for each step, the model with its signature, a data set, and a checkpoint."""

import mlflow
import mlflow.pytorch
import numpy
import torch

torch.manual_seed(1)
mlflow.set_experiment("torch")
mlflow.autolog()
X = torch.linspace(0, 1, 64).reshape(-1, 1)
y = 3 * X + 1
net = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
with mlflow.start_run():
    mlflow.log_params({"lr": 0.3, "epochs": 40})
    mlflow.log_input(mlflow.data.from_numpy(X.numpy(), targets=y.numpy(), name="line"), context="training")
    for epoch in range(40):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(X), y)
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=epoch)
    mlflow.pytorch.log_state_dict(net.state_dict(), "checkpoint")
    info = mlflow.pytorch.log_model(net, name="model", input_example=X[:2].numpy(), registered_model_name="line")

again = mlflow.pytorch.load_model(info.model_uri)
assert torch.equal(again(X), net(X))
assert numpy.allclose(mlflow.pyfunc.load_model("models:/line/1").predict(X[:2].numpy()), net(X[:2]).detach().numpy())
