"""What files came to in earlier runs, for as long as nothing that it depends on has changed."""

from datalint.cache.cache import Cache
from datalint.cache.folder import FOLDER, Unusable

__all__ = ["FOLDER", "Cache", "Unusable"]
