"""An OpenID issuer on loopback: discovery, keys, token endpoint; it signs what a test asks for, or wrongly on purpose."""

import base64
import http.server
import json
import threading
import time
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "https://gateway.example"


class Issuer:
    """``answers`` are what its token and userinfo endpoints say next; ``asked`` counts its addresses."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"one": rsa.generate_private_key(65537, 2048)}
        self.config: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.posted: list[dict[str, list[str]]] = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(issuer) -> type:
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                self._say(issuer.document(self.path))

            def do_POST(self) -> None:
                issuer.asked.append(self.path)
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                issuer.posted.append(parse_qs(form))
                self._say(issuer.document(self.path))

            def _say(self, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            ends = {"authorization": "auth", "token": "token", "userinfo": "me"}
            made = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in ends.items()}
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **made, **self.config}
        if path == "/keys":
            return {"keys": [self._public(kid, key) for kid, key in self.keys.items()]}
        return self.answers.get(path)

    @staticmethod
    def _public(kid: str, key: Any) -> dict[str, Any]:
        kind = (
            jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
        )
        return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}

    def token(self, kid: str = "one", key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        """A claim that is None is left out."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "anne", "iat": now, "exp": now + 300, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, key or self.keys[kid], algorithm=algorithm, headers={"kid": kid, "typ": "at+jwt"})

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def unsigned(token: str) -> str:
    """The same claims with the algorithm *none* (RFC 8725, section 2.1)."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "one"}).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."
