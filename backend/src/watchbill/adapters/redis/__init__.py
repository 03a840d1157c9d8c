"""Live events and control messages over Redis or Valkey."""

from watchbill.adapters.redis.control import CancelListener, announce_cancel
from watchbill.adapters.redis.doorbells import Doorbells
from watchbill.adapters.redis.live import RedisLive, RedisLiveReader

__all__ = ["CancelListener", "Doorbells", "RedisLive", "RedisLiveReader", "announce_cancel"]
