"""Who may use the proxy, and for which hosts: mitmproxy's hooks at the door."""

import logging
from weakref import WeakSet

from mitmproxy import connection, http, tcp
from mitmproxy.proxy import layer, layers

from interceptor.hosts import HostRules, Passage
from interceptor.proxy_login import ProxyLogin

logger = logging.getLogger("zg.interceptor")

_TEXT = {"content-type": "text/plain; charset=utf-8", "connection": "close"}
_CHALLENGE = {**_TEXT, "proxy-authenticate": 'Basic realm="interceptor", charset="UTF-8"'}
_ASK = "This proxy asks for a user and a password.\n"
_REFUSAL = (
    "The interceptor serves no requests for {}. Its operator can list the host in INTERCEPT_HOSTS or "
    "PASS_THROUGH_HOSTS.\n"
)


class Doorkeeper:
    """mitmproxy's addon that lets requests in, through, or not at all. It comes before all others."""

    def __init__(self, hosts: HostRules, login: ProxyLogin | None) -> None:
        self._hosts = hosts
        self._login = login
        self._tunnels: WeakSet[connection.Client] = WeakSet()

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A client wants a tunnel."""
        if self._admit(flow):
            self._tunnels.add(flow.client_conn)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request, in a tunnel or, over plain HTTP, without one."""
        if flow.client_conn not in self._tunnels and self._admit(flow):
            flow.request.headers.pop("proxy-authorization", None)
            flow.request.headers.pop("proxy-connection", None)

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """A tunnel stands: into what is passed through nobody looks."""
        address = nextlayer.context.server.address
        if address is not None and self._hosts.passage(*address[:2]) is Passage.PASSED_THROUGH:
            nextlayer.layer = layers.TCPLayer(nextlayer.context, ignore=True)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """A piece of a tunnelled protocol that is not HTTP, which mitmproxy would keep."""
        flow.messages.clear()

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A message of a WebSocket, which mitmproxy would keep."""
        if flow.websocket is not None:
            flow.websocket.messages.clear()

    def _admit(self, flow: http.HTTPFlow) -> bool:
        request = flow.request
        authorization = request.headers.get("proxy-authorization", "")
        if self._login is not None and not self._login.admits(authorization):
            flow.response = http.Response.make(407, _ASK, _CHALLENGE)
        elif self._hosts.passage(request.host, request.port) is Passage.REFUSED:
            address = f"{request.host}:{request.port}"
            logger.info("refused: a request for %s", address)
            flow.response = http.Response.make(403, _REFUSAL.format(address), _TEXT)
        return flow.response is None
