"""What the user configured: where it stands, what may stand there, what is wrong with it."""

from datalint.config.config import Config
from datalint.config.find import find_config
from datalint.config.table import BadConfig

__all__ = ["BadConfig", "Config", "find_config"]
