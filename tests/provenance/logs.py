"""Made up: logs as ctapipe writes them, documents in PROV-JSON."""

import json


def log_of(uuid: str, start: str, inputs: list, outputs: list, **more) -> dict:
    def file(url):
        return url if isinstance(url, dict) else {"url": url, "role": "dl1.event", "reference_meta": None}

    return {
        "activity_name": "ctapipe-process",
        "activity_uuid": uuid,
        "status": "ctapipe-process",
        "start": {"time_utc": f"2026-01-01T{start}:00"},
        "stop": {"time_utc": f"2026-01-01T{start}:30"},
        "system": {
            "ctapipe_version": "0.28.0",
            "environment": {"HOME": "/home/me", "TOKEN": "hunter2"},
            "platform": {"system": "Linux", "node": "secret-host", "machine": "x86_64"},
            "python": {"version": ["3", "11"], "packages": [{"name": "numpy", "version": "2.4"}]},
        },
        "input": [file(url) for url in inputs],
        "output": [file(url) for url in outputs],
        "exit_code": 0,
        "config": {"Tool": {"reconstruction_method": "ImPACT", "n": 3, "contact_email": "me@x.example"}},
        **more,
    }


def long_log(number: int, tag: str = "") -> bytes:
    """Runs that each read what the one before wrote."""
    return json.dumps(
        [
            {
                "activity_name": "ctapipe-process",
                "activity_uuid": f"00000000-0000-0000-0000-{n:012d}",
                "exit_code": 0,
                "start": {"time_utc": f"2026-01-01T{n // 60:02d}:{n % 60:02d}:00"},
                "stop": {"time_utc": f"2026-01-01T{n // 60:02d}:{n % 60:02d}:30"},
                "config": {"Tool": {"n": n, "method": "ImPACT"}},
                "system": {"ctapipe_version": "0.28.0"},
                "input": [{"url": f"/d/{n - 1}{tag}.h5", "role": "dl1", "reference_meta": None}],
                "output": [{"url": f"/d/{n}{tag}.h5", "role": "dl2", "reference_meta": None}],
            }
            for n in range(number)
        ]
    ).encode()


def document(**parts) -> bytes:
    return json.dumps({"prefix": {"x": "http://x.example/"}, **parts}).encode()
