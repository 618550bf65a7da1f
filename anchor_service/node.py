"""A node through web3, and what it looks like when it cannot be used."""

from typing import Any, Final
from urllib.parse import urlsplit

from requests.exceptions import HTTPError, RequestException, Timeout
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint, RPCResponse

from registry.verifier.nodes import parse_node

REQUEST_SECONDS: Final = 15


class ChainProblem(Exception):
    """The chain cannot be used as asked; the text says why, and what to do."""


class NoAnswer(ChainProblem, OSError):
    """The node does not answer; an `OSError` for web3, which asks so whether it is connected."""


# What a node's silence or rubbish looks like through web3: the next round may fare better.
PASSING: Final = (ChainProblem, Web3Exception, OSError, ValueError)


def connect(url: str) -> Web3:
    """A connection to the node at `url`; nothing is asked yet. Raises `InvalidArgument`."""
    w3 = Web3(_Node(parse_node(url).url, request_kwargs={"timeout": REQUEST_SECONDS}))
    # Polygon's blocks have more `extraData` than web3 takes from a chain of Ethereum's.
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3


class _Node(HTTPProvider):
    """A node whose silence and rubbish are its own problem, and no defect of this program.

    What is told of it names its host alone: many URLs have a key of the user's in their path.
    """

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            return super().make_request(method, params)
        except HTTPError as error:
            status = error.response.status_code if error.response is not None else "an error"
            raise NoAnswer(f"the node at {self._host} answers with HTTP {status}") from error
        except Timeout as error:
            raise NoAnswer(
                f"the node cannot be reached: {self._host} is silent for {REQUEST_SECONDS} seconds"
            ) from error
        except ValueError as error:
            raise ChainProblem(f"the node at {self._host} answers rubbish: {error}") from error
        except RequestException as error:
            raise NoAnswer(
                f"the node cannot be reached: nothing answers at {self._host} (CREDROOT_RPC)"
            ) from error

    @property
    def _host(self) -> str:
        return urlsplit(str(self.endpoint_uri)).netloc.rpartition("@")[2]
