"""The demo model: readable, deterministic answers derived from the prompt; no key is needed."""

from watchbill.testing.llm_server.demo.model import MODELS, DemoAnswer, answer_as_demo

__all__ = ["MODELS", "DemoAnswer", "answer_as_demo"]
