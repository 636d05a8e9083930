"""The present query for other tools: pyvo, astroquery, curl, TOPCAT, complete and ready to paste."""

import shlex

SYNC = "{tap}/sync"


def pyvo(adql: str, tap: str) -> str:
    return (
        "import pyvo\n\n"
        f'tap = pyvo.dal.TAPService("{tap}")\n'
        f'rows = tap.search("""\n{_safe(adql)}\n""")\n'
        "table = rows.to_table()\n"
    )


def astroquery(adql: str, tap: str) -> str:
    return (
        "from astroquery.utils.tap.core import TapPlus\n\n"
        f'tap = TapPlus(url="{tap}")\n'
        f'job = tap.launch_job("""\n{_safe(adql)}\n""")\n'
        "table = job.get_results()\n"
    )


def curl(adql: str, tap: str) -> str:
    return (
        "curl --data LANG=ADQL --data RESPONSEFORMAT=votable \\\n"
        f"  --data-urlencode {shlex.quote('QUERY=' + adql)} \\\n"
        f"  {SYNC.format(tap=tap)} --output results.vot\n"
    )


def topcat(adql: str, tap: str) -> str:
    return f"stilts tapquery tapurl={tap} adql={shlex.quote(' '.join(adql.split()))} out=results.vot\n"


def _safe(adql: str) -> str:
    """Within triple quotes of Python."""
    return adql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def every(adql: str, tap: str) -> list[tuple[str, str]]:
    return [
        ("pyvo", pyvo(adql, tap)),
        ("astroquery", astroquery(adql, tap)),
        ("curl", curl(adql, tap)),
        ("STILTS", topcat(adql, tap)),
    ]
