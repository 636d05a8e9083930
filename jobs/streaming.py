"""Files over the limit are refused while they arrive, before they fill a disk."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _

from jobs.limits import limits


class Limited(FileUploadHandler):
    """Stands before the handlers that keep the bytes (``FILE_UPLOAD_HANDLERS``) and counts what passes."""

    together = 0
    """bytes of all files of the request"""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.counted = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.counted += len(raw_data)
        self.together += len(raw_data)
        if self.counted > limits().upload_size:
            rule = _("A file may have at most %(limit)d MB.")
            raise RequestDataTooBig(rule % {"limit": limits().upload_size // 10**6})
        if self.together > limits().disk:
            rule = _("The files of a request may have at most %(limit)d MB together.")
            raise RequestDataTooBig(rule % {"limit": limits().disk // 10**6})
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
