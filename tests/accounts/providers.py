"""Real identity providers on loopback, started and stopped by the tests."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

from tests.accounts import idp
from tests.support.gateway import free_port

HERE = Path(__file__).parent
SIMPLESAML = Path("/usr/share/simplesamlphp")


class Server:
    """A child process that answers at ``url``."""

    def __init__(self, command: list[str], port: int, log: Path, **environment: str) -> None:
        self.url, self.log = f"http://127.0.0.1:{port}", log
        with log.open("wb") as out:
            env = {**os.environ, **environment}
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=env, start_new_session=True)

    def wait(self, path: str) -> None:
        for _ in range(150):
            assert self.process.poll() is None, self.log.read_text()
            try:
                urllib.request.urlopen(self.url + path, timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"{self.url} does not answer:\n{self.log.read_text()}")

    def stop(self) -> None:
        # The packaged node is a program that starts the real one: the whole group has to go.
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)


def openid(folder: Path, redirect: str, claims: Path, port: int) -> Server:
    node = shutil.which("node") or "node"
    command = [node, str(HERE / "oidc_server.mjs"), str(settings.NODE_MODULES), str(port), redirect, str(claims)]
    server = Server(command, port, folder / "oidc.log")
    server.wait("/.well-known/openid-configuration")
    return server


def php(value: object) -> str:
    if isinstance(value, dict):
        return "[" + ", ".join(f"{php(k)} => {php(v)}" for k, v in value.items()) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(map(php, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def institution(folder: Path, name: str, people: dict[str, dict[str, list[str]]], entity: str, acs: str) -> Server:
    """simplesamlphp as the identity provider of one institution; ``people``: user name to attributes by OID."""
    port = free_port()
    for sub in ("metadata", "cert", "log", "data", "tmp"):
        (folder / sub).mkdir(parents=True)
    private, certificate = idp.keys(name)
    (folder / "cert/idp.pem").write_bytes(private)
    (folder / "cert/idp.crt").write_bytes(certificate)
    config = {
        "baseurlpath": f"http://127.0.0.1:{port}/", "certdir": f"{folder}/cert/", "loggingdir": f"{folder}/log/",
        "datadir": f"{folder}/data/", "tempdir": f"{folder}/tmp", "secretsalt": "salt-of-the-tests", "auth.adminpassword": "x" * 20,
        "timezone": "UTC", "logging.handler": "file", "enable.saml20-idp": True, "store.type": "phpsession",
        "session.cookie.name": f"idp{port}", "session.phpsession.cookiename": f"php{port}", "session.cookie.secure": False,
        "session.phpsession.savepath": f"{folder}/tmp", "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "metadatadir": f"{folder}/metadata", "metadata.sources": [{"type": "flatfile", "directory": f"{folder}/metadata"}],
        "showerrors": True, "errorreporting": False, "trusted.url.domains": [], "language.default": "en", "language.available": ["en"],
    }  # fmt: skip
    (folder / "config.php").write_text(f"<?php $config = {php(config)};")
    users: dict[object, object] = {f"{user}:{user}-secret": attributes for user, attributes in people.items()}
    source = php({"people": users}).replace("'people' => [", "'people' => ['exampleauth:UserPass', ", 1)
    (folder / "authsources.php").write_text(f"<?php $config = {source};")
    hosted = {
        "host": "__DEFAULT__", "privatekey": "idp.pem", "certificate": "idp.crt", "auth": "people", "userid.attribute": idp.EPPN,
        "attributes.NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
        "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    }  # fmt: skip
    (folder / "metadata/saml20-idp-hosted.php").write_text(f"<?php $metadata['__DYNAMIC:1__'] = {php(hosted)};")
    remote = {"AssertionConsumerService": acs}
    (folder / "metadata/saml20-sp-remote.php").write_text(f"<?php $metadata[{php(entity)}] = {php(remote)};")
    command = ["php", "-d", "error_reporting=0", "-S", f"127.0.0.1:{port}", "-t", str(SIMPLESAML / "www")]
    server = Server(command, port, folder / "php.log", SIMPLESAMLPHP_CONFIG_DIR=str(folder))
    server.wait("/saml2/idp/metadata.php")
    return server


def entity_id(server: Server) -> str:
    return f"{server.url}/saml2/idp/metadata.php"


def sso(server: Server) -> str:
    return f"{server.url}/saml2/idp/SSOService.php"
