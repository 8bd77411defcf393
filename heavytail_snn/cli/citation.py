"""What to cite when this library was used."""

from typing import Any

REFERENCES: list[dict[str, Any]] = [
    {
        "for": "the library",
        "reference": "The heavytail_snn developers: heavytail_snn, chaos, dimension and spectra of "
        "spiking networks with heavy-tailed synapses. See CITATION.cff.",
    },
    {
        "for": "simulations",
        "reference": "Stimberg, Brette & Goodman (2019) Brian 2, an intuitive and efficient neural "
        "simulator. eLife 8:e47314. doi:10.7554/eLife.47314",
    },
    {
        "for": "simulations on a GPU",
        "reference": "Alevi, Stimberg, Sprekeler, Obermayer & Augustin (2022) Brian2CUDA: flexible "
        "and efficient simulation of spiking neural network models on GPUs. Front. Neuroinform. "
        "16:883700. doi:10.3389/fninf.2022.883700",
    },
    {
        "for": "heavy-tailed rate networks",
        "reference": "Xie, Mihalas & Kusmierz (2025) Slow transition to low-dimensional chaos in "
        "heavy-tailed recurrent neural networks. arXiv:2505.09816",
    },
    {
        "for": "codes of discrete networks",
        "reference": "Bauer, Keup, Kadmon & Helias (2026) Discrete signaling mediates chaotic "
        "regularization in recurrent neural networks. arXiv:2606.04426",
    },
    {
        "for": "binary networks and matched rate networks",
        "reference": "Keup, Kuehn, Dahmen & Helias (2021) Transient chaotic dimensionality "
        "expansion by recurrent networks. Phys. Rev. X 11:021064. doi:10.1103/PhysRevX.11.021064",
    },
    {
        "for": "recordings in neo formats",
        "reference": "Garcia et al. (2014) Neo: an object model for handling electrophysiology "
        "data in multiple formats. Front. Neuroinform. 8:10. doi:10.3389/fninf.2014.00010",
    },
    {
        "for": "the packaged recording",
        "reference": "SynaptiConn example data, Balbi lab, Queensland Brain Institute (MIT "
        "licence); see heavytail_snn/data/README.md.",
    },
]


def text() -> str:
    """Return the references, one a paragraph."""
    return "\n\n".join(f"For {item['for']}:\n  {item['reference']}" for item in REFERENCES)
