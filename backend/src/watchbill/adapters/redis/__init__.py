"""Live events and control messages over Redis or Valkey."""

from watchbill.adapters.redis.control import ControlListener, Verb, announce
from watchbill.adapters.redis.doorbells import Doorbells
from watchbill.adapters.redis.endings import Endings
from watchbill.adapters.redis.live import RedisLive, RedisLiveReader

__all__ = ["ControlListener", "Doorbells", "Endings", "RedisLive", "RedisLiveReader", "Verb", "announce"]
