"""The project's settings with a channel layer that takes ten messages, and then no more until they are read."""

from zgproject.settings import *  # noqa: F403
from zgproject.settings import REDIS_URL

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "zg", "capacity": 10},
    }
}
