"""A node through web3, and what it looks like when it cannot be used."""

from typing import Any, Final

from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

REQUEST_SECONDS: Final = 15


class ChainProblem(Exception):
    """The chain cannot be used as asked; the text says why, and what to do."""


# What a node's silence or rubbish looks like through web3: the next round may fare better.
PASSING: Final = (ChainProblem, Web3Exception, OSError, ValueError)


def connect(url: str) -> Web3:
    """A connection to the node at `url`; nothing is asked yet."""
    return Web3(_Node(url, request_kwargs={"timeout": REQUEST_SECONDS}))


class _Node(HTTPProvider):
    """A node whose rubbish is its own problem, and no defect of this program."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            return super().make_request(method, params)
        except ValueError as error:
            raise ChainProblem(f"the node answers rubbish: {error}") from error
