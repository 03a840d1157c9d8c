"""Pure core: flow, plan, execution, events, expressions, node contract, ports and errors. No I/O."""
