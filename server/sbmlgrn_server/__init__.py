"""The sbmlgrn service: keeps models and runs simulations and designs on them, each in a process of its own."""
