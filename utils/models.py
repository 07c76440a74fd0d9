"""The models that more than one chapter uses.

Holds `ConvNet`, the document's convolutional network mended. Leaves out training (`training`)
and counting parameters and operations (`measure`).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNet(nn.Module):
    """Two convolutions and two linear layers: the document's network, with a flatten that fits.

    `padding=1` keeps the document's 64·7·7 features at 28x28; `padding=0` keeps its convolutions
    and gives 64·5·5. Any square image that leaves at least one pixel after both pools will do.

    Shapes:
        images (B, 1, image_size, image_size) -> logits (B, n_classes).

    Raises:
        ValueError: if images of another shape arrive, or if `image_size` leaves no pixel.

    Explained in: 4.1
    """

    def __init__(self, image_size: int = 28, padding: int = 1, n_classes: int = 10):
        super().__init__()
        self.image_size = image_size
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=padding)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=padding)
        side = ((image_size + 2 * padding - 2) // 2 + 2 * padding - 2) // 2
        if side < 1:
            raise ValueError(f"Nothing is left of a {image_size}x{image_size} image at fc1.")
        self.fc1 = nn.Linear(64 * side * side, 128)
        self.fc2 = nn.Linear(128, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (1, self.image_size, self.image_size):
            wanted = f"(B, 1, {self.image_size}, {self.image_size})"
            raise ValueError(f"ConvNet takes images of shape {wanted}; these are {tuple(x.shape)}.")
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (B, 32, H/2, W/2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (B, 64, H/4, W/4)
        x = torch.flatten(x, 1)  # (B, 64 * side * side), image by image
        x = F.relu(self.fc1(x))  # (B, 128)
        return self.fc2(x)  # (B, n_classes)
