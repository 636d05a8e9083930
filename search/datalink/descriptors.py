"""Service descriptors of cut-outs, one for each data set with the data set's own limits (SODA 1.0, section 4.3)."""

from django.conf import settings

from gateway.vo.xml import Xml, attributes, join, maybe, tag
from search.archive.models import Product

STD = "ivo://ivoa.net/std/"
SODA = {"sync": f"{STD}SODA#sync-1.0", "async": f"{STD}SODA#async-1.0"}


def param(name: str, value: str = "", *children: Xml, **more: str) -> Xml:
    """A PARAM; its value attribute is there even when it is empty."""
    pairs = (("name", name), ("datatype", more.pop("datatype", "char")), ("arraysize", more.pop("arraysize", "*")))
    return Xml(
        f'<PARAM{attributes((*pairs, *more.items()))} value="{tag("x", value=value)[10:-3] if value else ""}">'
        f"{join(children)}</PARAM>"
    )


def has_cutouts(product: Product) -> bool:
    """Event lists in FITS files of this archive can be cut."""
    return product.dataproduct_type == "event" and bool(product.storage_key) and product.removed_at is None


def cutout(product: Product, identifier: str, reference: str) -> Xml:
    """The descriptors ``soda_sync_REFERENCE`` and ``soda_async_REFERENCE``."""
    parameters = join(_parameters(product, identifier))
    return join(
        tag(
            "RESOURCE",
            tag("DESCRIPTION", f"Cut-out of {product.obs_title or product.key}: region, energies, times"),
            param("standardID", standard),
            param("accessURL", f"{settings.PUBLIC_URL}/soda/{kind}"),
            param("contentType", "application/fits"),
            tag("GROUP", parameters, name="inputParams"),
            type="meta",
            utype="adhoc:service",
            ID=f"soda_{kind}_{reference}",
            name=f"cutout-{kind}-{product.key}",
        )
        for kind, standard in SODA.items()
    )


def _parameters(product: Product, identifier: str) -> list[Xml]:
    found = [param("ID", identifier, ucd="meta.id;meta.main")]
    if product.s_ra is not None and product.s_dec is not None:
        radius = (product.s_fov or 10.0) / 2
        covering = tag("VALUES", tag("MAX", value=f"{product.s_ra!r} {product.s_dec!r} {radius!r}"))
        circle = {"datatype": "double", "arraysize": "3", "ucd": "pos.outline;obs", "unit": "deg", "xtype": "circle"}
        text = tag("DESCRIPTION", "Circle that the events lie in")
        found.append(param("CIRCLE", "", text, covering, **circle))
    if product.em_min is not None and product.em_max is not None:
        interval = {"datatype": "double", "arraysize": "2", "unit": "m", "xtype": "interval"}
        text = tag("DESCRIPTION", "Interval of wavelengths; high energies are short waves")
        limits = _limits(product.em_min, product.em_max)
        found.append(param("BAND", "", text, limits, ucd="em.wl;stat.interval", **interval))
    if product.t_min is not None and product.t_max is not None:
        interval = {"datatype": "double", "arraysize": "2", "unit": "d", "xtype": "interval"}
        text = tag("DESCRIPTION", "Interval of times, MJD (UTC)")
        limits = _limits(product.t_min, product.t_max)
        found.append(param("TIME", "", text, limits, ucd="time.interval;obs.exposure", **interval))
    return found


def _limits(low: float, high: float) -> Xml:
    return tag("VALUES", tag("MIN", value=repr(low)), tag("MAX", value=repr(high)))


def itself() -> Xml:
    """How this service is called (DataLink 1.1, section 4.2)."""
    return tag(
        "RESOURCE",
        tag("DESCRIPTION", "Links of products: give one or more identifiers"),
        param("standardID", f"{STD}DataLink#links-1.1"),
        param("accessURL", f"{settings.PUBLIC_URL}/datalink/links"),
        tag("GROUP", param("ID", "", maybe("DESCRIPTION", "identifier, repeatable")), name="inputParams"),
        type="meta",
        utype="adhoc:this",
    )
