"""What worker processes do: one module with a function `run(context, task)` for each kind of task."""
