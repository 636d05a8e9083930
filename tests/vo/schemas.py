"""XML against schemas, without network: those in Debian's stilts jar, VOTable's in astropy, and in ``xsd/`` those that no
package brings, written anew from the standards."""

import io
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree

OWN = Path(__file__).parent / "xsd"
JAR = Path("/usr/share/java/starlink-ttools.jar")
FOLDER = "uk/ac/starlink/ttools/taplint/"
NAMES = {
    "http://www.ivoa.net/xml/VOResource/v1.0": "VOResource-v1.1.xsd",
    "http://www.ivoa.net/xml/VODataService/v1.1": "VODataService-v1.2.xsd",
    "http://www.ivoa.net/xml/TAPRegExt/v1.0": "TAPRegExt-v1.0-Erratum1.xsd",
    "http://www.ivoa.net/xml/VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSITables/v1.0": "VOSITables-v1.1.xsd",
    "http://www.ivoa.net/xml/UWS/v1.0": "UWS-v1.1.xsd",
    "http://www.ivoa.net/xml/ConeSearch/v1.0": "ConeSearch.xsd",
    "http://www.ivoa.net/xml/VORegistry/v1.0": "VORegistry.xsd",
    "http://www.ivoa.net/xml/RegistryInterface/v1.0": "RegistryInterface.xsd",
    "http://www.openarchives.org/OAI/2.0/": "OAI-PMH.xsd",
    "http://www.openarchives.org/OAI/2.0/oai_dc/": "oai_dc.xsd",
    "http://purl.org/dc/elements/1.1/": "dc.xsd",
    "http://www.w3.org/1999/xlink": "xlink.xsd",
    "http://www.ivoa.net/xml/STC/stc-v1.30.xsd": "stc-v1.30.xsd",
    "http://www.w3.org/XML/1998/namespace": "xmlnamespace.xsd",
}
XSD = "{http://www.w3.org/2001/XMLSchema}"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class _Installed(etree.Resolver):
    """Every import is answered from the jar, whatever address it names."""

    def resolve(self, url, public_id, context):
        name = Path(url).name
        found = next((known for known in NAMES.values() if known == name), None)
        found = found or {"xlink.xsd": "xlink.xsd", "xml.xsd": "xmlnamespace.xsd"}.get(name)
        return self.resolve_string(_prepared(found) if found else b"", context) if found else None


def _prepared(name: str) -> bytes:
    """The schema with its imports pointing at the installed ones, by namespace."""
    if (OWN / name).exists():
        tree = etree.fromstring((OWN / name).read_bytes())
    else:
        with zipfile.ZipFile(JAR) as jar:
            tree = etree.fromstring(jar.read(FOLDER + name))
    for node in tree.iter(f"{XSD}import"):
        known = NAMES.get(node.get("namespace", ""))
        if known:
            node.set("schemaLocation", known)
    return etree.tostring(tree)


@cache
def _schema() -> etree.XMLSchema:
    """One schema that imports them all, since xsi:type reaches across them."""
    imports = "".join(f'<xs:import namespace="{space}" schemaLocation="{name}"/>' for space, name in NAMES.items())
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="all">{imports}</xs:schema>'
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Installed())
    return etree.XMLSchema(etree.parse(io.BytesIO(text.encode()), parser))


@cache
def _votable() -> etree.XMLSchema:
    path = files("astropy.io.votable") / "data" / "VOTable.v1.4.xsd"
    return etree.XMLSchema(etree.fromstring(path.read_bytes()))


def check(content: bytes) -> etree._Element:
    """The root, if the document is valid against the schema of its namespace; else AssertionError with the reasons."""
    root = etree.fromstring(content)
    schema = _votable() if "VOTable" in root.tag else _schema()
    assert schema.validate(root), "\n".join(str(line) for line in schema.error_log)
    return root
