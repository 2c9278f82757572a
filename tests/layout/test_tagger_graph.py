"""The tagger's graph against its own gradients: an edge is where a sound's change can reach a neuron."""

from __future__ import annotations

import json

import numpy as np
import torch

from oscbridge import resources
from oscbridge.ear.plan import plan_of
from oscbridge.ear.tagger import load_unfolded
from oscbridge.ear.tagger_anatomy import FRAMES
from oscbridge.layout import keeping
from oscbridge.layout.topologies import tagger_network

PATH = resources.model_file("vgg-tagger")
TAGGER = load_unfolded(PATH.with_suffix(".safetensors"))


def test_its_nodes_are_the_wire_s_neurons() -> None:
    network, plan = tagger_network(TAGGER, True), plan_of(PATH)
    assert [s.start for s in network.spans] == [layer.first_neuron for layer in plan.layers]
    assert network.nodes == plan.neurons


def test_a_position_pulls_those_positions_that_it_reaches() -> None:
    """One position of each layer is moved: of the next, those are pulled in whose convolution and pool it lies."""
    network = tagger_network(TAGGER, False)
    maps = TAGGER.maps(torch.rand(1, FRAMES, 96, generator=torch.Generator().manual_seed(0)))
    for layer in range(5):
        source, target = network.groups[layer], network.groups[layer + 1]
        at = source.positions // 2 - 1
        places = np.zeros((2, network.nodes), np.float32)
        grid = places[0, network.spans[layer]].reshape(source.channels, source.positions)
        grid[:, at] = 1.0
        places[0, network.spans[layer]] = grid.ravel()
        pulled = network.pull(places)[0, network.spans[layer + 1]].reshape(target.channels, target.positions)
        x = maps[layer].detach().clone()
        block = TAGGER.norm0(x) if layer == 0 else x
        before = TAGGER._block(layer + 1, block)
        block = block.clone()
        block[..., at] += 100.0
        reached = (TAGGER._block(layer + 1, block) - before).abs().amax((0, 1, 2)) > 1e-4
        assert np.flatnonzero(pulled[0]).tolist() == torch.nonzero(reached).flatten().tolist(), source.name


def test_every_neuron_but_bands_that_nothing_looks_at_is_connected() -> None:
    degree = tagger_network(TAGGER, True).degree
    assert (degree > 0).mean() > 0.99


def test_the_layout_that_travels_with_it_fits() -> None:
    path = resources.folder("models") / "layouts" / "vgg-tagger.npy"
    layout = keeping.load(path, plan_of(PATH).neurons)
    assert layout.made["model"] == plan_of(PATH).id
    assert json.loads(path.with_suffix(".json").read_text())["sha256"] == layout.sha256
    assert np.linalg.norm(layout.places, axis=1).max() <= 1.0 + 1e-6
