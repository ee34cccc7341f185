"""datalint finds writes through PyTorch's `.data` that make gradients silently wrong."""

__version__ = "0.1.0"
