"""The `sbmlgrn` command. Heavy packages are imported inside the commands, so that `sbmlgrn --help` answers at once."""

from sbmlgrn.cli.app import app as app
from sbmlgrn.cli.app import main as main
