"""SBML and Antimony in and out, and validation as data."""

from sbmlgrn.sbml.composed import NotInPlaceError as NotInPlaceError
from sbmlgrn.sbml.convert import Conversion as Conversion
from sbmlgrn.sbml.convert import convert as convert
from sbmlgrn.sbml.convert import to_antimony as to_antimony
from sbmlgrn.sbml.intake import MAX_DOCUMENT_BYTES as MAX_DOCUMENT_BYTES
from sbmlgrn.sbml.issue import Issue as Issue
from sbmlgrn.sbml.issue import SBMLError as SBMLError
from sbmlgrn.sbml.issue import Severity as Severity
from sbmlgrn.sbml.read import ReadResult as ReadResult
from sbmlgrn.sbml.read import load as load
from sbmlgrn.sbml.read import read as read
from sbmlgrn.sbml.read import validate as validate
from sbmlgrn.sbml.write import flattened as flattened
from sbmlgrn.sbml.write import save as save
from sbmlgrn.sbml.write import write as write
