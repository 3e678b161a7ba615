"""A Lightning trainer under ``mlflow.autolog()``: its parameters, a loss for each epoch, the model."""

import lightning
import mlflow
import torch
from torch.utils.data import DataLoader, TensorDataset


class Line(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Linear(1, 1)

    def training_step(self, batch):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.net(x), y)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch):
        x, y = batch
        self.log("val_loss", torch.nn.functional.mse_loss(self.net(x), y))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


mlflow.set_experiment("lightning")
mlflow.autolog()
X = torch.linspace(0, 1, 32).reshape(-1, 1)
data = DataLoader(TensorDataset(X, 3 * X + 1), batch_size=8)
trainer = lightning.Trainer(
    max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
)
line = Line()
trainer.fit(line, data, data)

model = mlflow.pytorch.load_model(f"models:/{mlflow.last_logged_model().model_id}")
assert torch.equal(model.net.weight, line.net.weight)
