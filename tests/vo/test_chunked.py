"""TOPCAT and STILTS send uploads in chunks, without Content-Length."""

import io

from gateway.vo.chunked import accepting_chunks


def application(environ, start):
    start("200 OK", [])
    return [environ["CONTENT_LENGTH"].encode() + b" " + environ["wsgi.input"].read()]


def call(body: bytes, **environ):
    said = []
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, **environ}
    answer = accepting_chunks(application, max_bytes=3_000_000)(environ, lambda status, headers: said.append(status))
    return said[0], b"".join(answer)


def test_a_body_in_chunks_reaches_the_application_whole():
    body = b"x" * 2_000_000
    assert call(body, HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"2000000 " + body)


def test_a_body_with_a_length_is_left_alone():
    assert call(b"abc", CONTENT_LENGTH="3") == ("200 OK", b"3 abc")


def test_too_large_a_body_is_refused():
    assert call(b"x" * 4_000_000, HTTP_TRANSFER_ENCODING="chunked")[0].startswith("413")
