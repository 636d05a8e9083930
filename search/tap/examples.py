"""The questions that brought this gateway about, as queries: shown at ``/tap/examples`` and run by the tests."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Example:
    id: str
    name: Promise
    text: Promise
    query: str
    tables: tuple[str, ...] = ("ivoa.obscore",)

    @property
    def address(self) -> str:
        """The query string of the results page that runs it."""
        return urlencode({"adql": self.query})


_WITH_CONFIG = ("ivoa.obscore", "arc.obsconfig")
_JOINED = "FROM ivoa.obscore NATURAL JOIN arc.obsconfig"

EXAMPLES: tuple[Example, ...] = (
    Example(
        "source",
        _("Data of a source, by name and radius"),
        _("All event lists whose field of view contains the Crab Nebula, within 2 degrees of the pointing."),
        """SELECT obs_id, target_name, s_ra, s_dec, t_min, t_exptime, access_url
FROM ivoa.obscore
WHERE dataproduct_type = 'event'
  AND 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 83.633, 22.014, 2))
ORDER BY t_min""",
    ),
    Example(
        "footprint",
        _("Everything that covers a position"),
        _("The footprint of the product holds the position."),
        """SELECT *
FROM ivoa.obscore
WHERE 1 = INTERSECTS(s_region, CIRCLE('ICRS', 83.633, 22.014, 0.001))""",
    ),
    Example(
        "field-at-time",
        _("A field observed at a given time"),
        _("Products near PKS 2155-304 taken between two dates (t_min and t_max are MJD, UTC)."),
        """SELECT obs_id, target_name, t_min, t_max, s_ra, s_dec
FROM ivoa.obscore
WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 329.717, -30.226, 3))
  AND 1 = ivo_interval_overlaps(t_min, t_max,
        ivo_to_mjd('2006-07-01T00:00:00'), ivo_to_mjd('2006-09-01T00:00:00'))""",
    ),
    Example(
        "energies",
        _("Events above 50 TeV"),
        _("energy_max is in eV; em_min, in metres, would say the same the other way round."),
        """SELECT obs_id, target_name, energy_min, energy_max
FROM ivoa.obscore NATURAL JOIN ivoa.obscore_hea
WHERE dataproduct_type = 'event' AND energy_max > 50e12""",
        ("ivoa.obscore", "ivoa.obscore_hea"),
    ),
    Example(
        "blazars",
        _("Public data for all blazars"),
        _("data_rights says what holds today: an embargo that is over counts as public."),
        """SELECT target_name, COUNT(*) AS n, SUM(t_exptime) / 3600 AS hours
FROM ivoa.obscore
WHERE ivo_hasword(target_class, 'blazar') = 1 AND data_rights = 'public'
GROUP BY target_name
ORDER BY n DESC""",
    ),
    Example(
        "proposal",
        _("Data for a given proposal"),
        _("The proposal's title comes with each row."),
        """SELECT o.obs_id, o.target_name, p.proposal_id, p.title, p.pi_name
FROM ivoa.obscore AS o JOIN arc.proposal AS p ON o.proposal_id = p.proposal_id
ORDER BY title, obs_id""",
        ("ivoa.obscore", "arc.proposal"),
    ),
    Example(
        "with-lst",
        _("Data of a sub-array that includes the LSTs"),
        _("At least one large-sized telescope took part."),
        f"""SELECT obs_id, target_name, sub_array_name, n_tels, n_lst, n_mst, n_sst
{_JOINED}
WHERE n_lst > 0""",
        _WITH_CONFIG,
    ),
    Example(
        "not-divergent",
        _("Not the divergent mode"),
        _("Rows that do not tell their pointing mode are kept."),
        f"""SELECT obs_id, target_name, pointing_mode
{_JOINED}
WHERE pointing_mode <> 'divergent' OR pointing_mode IS NULL""",
        _WITH_CONFIG,
    ),
    Example(
        "pipeline-version",
        _("Data produced by a given pipeline version for a given target"),
        _("The history of each product, kept flat so that one filter answers it."),
        f"""SELECT obs_id, target_name, pipeline_name, pipeline_version
{_JOINED}
WHERE pipeline_version = '1.1' AND target_name = 'Crab Nebula'""",
        _WITH_CONFIG,
    ),
    Example(
        "reconstruction",
        _("Data made with a given reconstruction method"),
        _("Which methods there are, and how many products each has."),
        f"""SELECT reconstruction_method, COUNT(*) AS n
{_JOINED}
GROUP BY reconstruction_method
ORDER BY n DESC""",
        _WITH_CONFIG,
    ),
    Example(
        "loose-cuts",
        _("Data with loose cuts"),
        _("The set of event cuts by its name."),
        f"""SELECT obs_id, target_name, cut_set, access_url
{_JOINED}
WHERE cut_set = 'loose'""",
        _WITH_CONFIG,
    ),
)
