"""`python -m sbmlgrn.cli`: the `sbmlgrn` command where scripts are not on the path."""

from sbmlgrn.cli.app import main

main()
