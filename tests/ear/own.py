"""Networks of a user's own, as files: a module and the YAML that names it."""

from __future__ import annotations

import textwrap
from pathlib import Path

NETWORKS = textwrap.dedent(
    '''
    import torch
    from torch import nn


    class Causal(nn.Module):
        """Scalogram (batch, 1, columns, 48) to 3 logits a column; no layer hears ahead."""

        def __init__(self):
            super().__init__()
            self.low = nn.Conv2d(1, 4, (3, 8), stride=(1, 2))
            self.pool = nn.MaxPool2d((1, 3))
            self.high = nn.Conv2d(4, 6, (2, 3), padding=(0, 1))
            self.words = nn.Linear(6 * 7, 3)

        def forward(self, x):
            x = self.pool(torch.relu(self.low(nn.functional.pad(x, (0, 0, 2, 0)))))
            x = torch.relu(self.high(nn.functional.pad(x, (0, 0, 1, 0))))
            return self.words(x.transpose(1, 2).flatten(2))


    class Window(nn.Module):
        """The same input as a whole."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, padding=1)
            self.dense = nn.Linear(4 * 20 * 24, 5)

        def forward(self, x):
            x = torch.relu(nn.functional.max_pool2d(self.conv(x), (1, 2)))
            return torch.sigmoid(self.dense(x.flatten(1)))


    class Samples(nn.Module):
        """Sound (batch, samples); no layer hears ahead."""

        def __init__(self):
            super().__init__()
            self.front = nn.Conv1d(1, 8, 64, stride=32)
            self.back = nn.Conv1d(8, 4, 3)

        def forward(self, x):
            x = torch.relu(self.front(nn.functional.pad(x[:, None], (63, 0))))
            return torch.tanh(self.back(nn.functional.pad(x, (2, 0))))


    class Awkward(nn.Module):
        """What torch.fx cannot trace: it looks at its numbers to find its way."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, padding=1)
            self.relu = nn.ReLU()

        def forward(self, x):
            x = self.relu(self.conv(x))
            return x if x.mean() > 0 else -x


    class Picture(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.dense = nn.Linear(4 * 16 * 12, 2)

        def forward(self, x):
            return self.dense(torch.relu(self.conv(x)).flatten(1))


    def made(kind, weights):
        torch.manual_seed(0)
        network = kind()
        if weights is not None:
            network.load_state_dict(torch.load(weights, weights_only=True))
        return network


    def causal(weights=None):
        return made(Causal, weights)


    def window(weights=None):
        return made(Window, weights)


    def samples(weights=None):
        return made(Samples, weights)


    def awkward(weights=None):
        return made(Awkward, weights)


    def picture(weights=None):
        return made(Picture, weights)


    def broken():
        raise ValueError("no such luck")


    def number():
        return 3
    '''
)

SCALOGRAM = "{rate: 8000, hop: 128, bins: 48, bins_per_octave: 12, lowest_hz: 100}"
INPUTS = {
    "causal": f"window_s: 0.5\nscalogram: {SCALOGRAM}\nclasses: [kick, snare, hat]",
    "window": f"window_s: 0.32\nscalogram: {SCALOGRAM}\nclasses: [a, b, c, d, e]\nprobabilities: none",
    "samples": "input: audio\nwindow_s: 0.25\naudio: {rate: 8000, hop: 128}",
    "awkward": f"window_s: 0.32\nscalogram: {SCALOGRAM}",
    "picture": f"input: picture\nwindow_s: 0.5\nscalogram: {SCALOGRAM}\npicture: {{height: 16, width: 12}}",
}


def write(folder: Path, kind: str, more: str = "", function: str = "") -> Path:
    """The YAML of one of INPUTS, with the module beside it. more: lines for the YAML."""
    (folder / "own_networks.py").write_text(NETWORKS)
    path = folder / f"{kind}.yaml"
    lines = ["kind: module", f"name: {kind}", f"model: own_networks:{function or kind}", INPUTS[kind], more]
    path.write_text("\n".join(lines) + "\n")
    return path
