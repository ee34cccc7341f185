"""What the user configured: where it stands, what may stand there, what is wrong with it."""

from datalint.config.config import BadConfig, Config
from datalint.config.find import find_config

__all__ = ["BadConfig", "Config", "find_config"]
