"""Other archives that can be asked, with well-known ObsTAP services ready to be enabled."""

from django.db import migrations, models

KNOWN = (
    ("paris-he", "Paris Observatory, high energies", "http://voparis-tap-he.obspm.fr/tap", "hess_dr.obscore_sdc",
     "H.E.S.S. public data and other gamma-ray data"),
    ("cadc", "CADC", "https://ws.cadc-ccda.hia-iha.nrc-cnrc.gc.ca/argus", "", "CFHT, JCMT, Gemini, HST and more"),
    ("eso", "ESO", "https://archive.eso.org/tap_obs", "", "VLT, VISTA, La Silla, ALMA"),
    ("mast", "MAST", "https://mast.stsci.edu/vo-tap/api/v0.1/caom", "", "HST, JWST, TESS, Kepler, GALEX"),
    ("heasarc", "HEASARC", "https://heasarc.gsfc.nasa.gov/xamin/vo/tap", "", "Fermi, Swift, NuSTAR, X-ray missions"),
    ("irsa", "IRSA", "https://irsa.ipac.caltech.edu/TAP", "", "Spitzer, WISE, ZTF, Herschel"),
    ("alma", "ALMA", "https://almascience.eso.org/tap", "", "ALMA observations"),
    ("gavo", "GAVO Data Center", "https://dc.g-vo.org/tap", "", "many small collections"),
    ("xsa", "XMM-Newton Science Archive", "https://nxsa.esac.esa.int/tap-server/tap", "", "XMM-Newton"),
    ("astron", "ASTRON", "https://vo.astron.nl/tap", "", "LOFAR, Apertif"),
)  # fmt: skip


def add(apps, schema_editor):
    model = apps.get_model("portal", "Service")
    for name, title, url, table, note in KNOWN:
        model.objects.get_or_create(name=name, defaults={"title": title, "url": url, "table": table, "note": note})


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=40, unique=True, verbose_name="name in addresses")),
                ("title", models.CharField(max_length=80, verbose_name="title")),
                ("url", models.URLField(max_length=300, verbose_name="base address of the TAP service")),
                ("table", models.CharField(blank=True, help_text="empty: found in its TAP_SCHEMA", max_length=120, verbose_name="ObsCore table")),
                ("generic", models.BooleanField(default=False, help_text="its further columns are not asked for", verbose_name="only what every ObsCore service has")),
                ("enabled", models.BooleanField(default=False, verbose_name="offered in the search form")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="what it holds")),
            ],
            options={"ordering": ["-enabled", "title"]},
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
