"""Gene circuits with logistic regulation, learned from what they should do, pruned, and written as SBML."""

from sbmlgrn.grn.circuit import Circuit as Circuit
from sbmlgrn.grn.circuit import CircuitError as CircuitError
from sbmlgrn.grn.circuit import Edge as Edge
from sbmlgrn.grn.document import from_network as from_network
from sbmlgrn.grn.document import to_network as to_network
from sbmlgrn.grn.learn import Training as Training
from sbmlgrn.grn.learn import learn as learn
from sbmlgrn.grn.places import places as places
from sbmlgrn.grn.prior import Prior as Prior
from sbmlgrn.grn.response import Response as Response
from sbmlgrn.grn.response import respond as respond
from sbmlgrn.grn.result import CircuitDesign as CircuitDesign
from sbmlgrn.grn.result import Learned as Learned
from sbmlgrn.grn.result import Rung as Rung
from sbmlgrn.grn.result import TopologyCount as TopologyCount
from sbmlgrn.grn.task import Task as Task
from sbmlgrn.grn.tasks import LOGIC as LOGIC
from sbmlgrn.grn.tasks import counter as counter
from sbmlgrn.grn.tasks import gate as gate
from sbmlgrn.grn.tasks import oscillator as oscillator
from sbmlgrn.grn.tasks import pulse as pulse
from sbmlgrn.grn.tasks import repressilator as repressilator
from sbmlgrn.grn.tasks import stripe as stripe
from sbmlgrn.grn.tasks import switch as switch
from sbmlgrn.grn.topology import topology as topology
