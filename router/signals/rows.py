"""Labelled messages: what a training file holds, and every way in which it can be wrong."""

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

COLUMNS: Final = ("text", "label")
OPTIONAL_COLUMNS: Final = ("language",)
ROWS_MAX: Final = 1_000_000
LABEL_LENGTH_MAX: Final = 128
FAULTS_SHOWN: Final = 10


class TrainingError(ValueError):
    """Rows cannot be used so; the message names line, column, value and what was expected."""


class Row(NamedTuple):
    """A message and what it is; ``weight`` says how dear an error on it is."""

    text: str
    label: str
    language: str = ""
    weight: float = 1.0


class Labelled(NamedTuple):
    """The rows of a file, and what was noticed on the way."""

    rows: tuple[Row, ...]
    repeated: int  # rows left out: the same text and label stood before
    disputed: int  # texts that stand there with more than one label

    @property
    def sha256(self) -> str:
        """Return the fingerprint of the rows, for a model's manifest."""
        return fingerprint(self.rows)


def fingerprint(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of texts and labels in their order."""
    digest = hashlib.sha256()
    for row in rows:
        for part in (row.text, row.label):
            digest.update(part.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
    return digest.hexdigest()


def read_rows(data: bytes) -> Labelled:
    """
    Return the labelled messages of a CSV file with the columns text, label and perhaps language.

    Raises ``TrainingError`` that lists the first faults: bytes that are no UTF-8, missing or
    unknown columns, empty texts or labels, a line with too few or too many fields.
    """
    reader = _lines(data)
    try:
        header: list[str] = next(reader, [])
        _check_header(header)
        rows, faults = _read(reader, header)
    except csv.Error as error:
        raise no_csv(reader, error) from error
    if faults:
        more = len(faults) - FAULTS_SHOWN
        tail = [f"and {more} more"] if more > 0 else []
        raise TrainingError("\n".join([*faults[:FAULTS_SHOWN], *tail]))
    return gathered(rows)


class Message(NamedTuple):
    """A message without a label."""

    text: str
    language: str = ""


def read_messages(data: bytes) -> dict[str, Message]:
    """
    Return the messages of a CSV file with the columns id, text and perhaps language, by id.

    Other columns are passed over, and so are lines without a text. Raises ``TrainingError`` that names
    the line of what is no CSV or no UTF-8, of an id that is missing, and of one that stands there again.
    """
    reader = _lines(data)
    found: dict[str, Message] = {}
    try:
        header: list[str] = next(reader, [])
        if "id" not in header or "text" not in header:
            shown = ",".join(header)[:200]
            raise TrainingError(f"line 1: columns {shown!r}, expected id,text and perhaps language")
        for fields in reader:
            if not fields:
                continue
            line = reader.line_num
            if len(fields) != len(header):
                raise TrainingError(f"line {line}: {len(fields)} fields, expected {len(header)}")
            row = dict(zip(header, fields, strict=True))
            if not row["id"] or row["id"] in found:
                again = "is there again" if row["id"] else "is missing"
                raise TrainingError(
                    f"line {line}: id {row['id']!r} {again}, expected one of its own"
                )
            if row["text"].strip():
                found[row["id"]] = Message(row["text"], row.get("language", "").strip())
    except csv.Error as error:
        raise no_csv(reader, error) from error
    return found


def read_texts(data: bytes) -> list[str]:
    """
    Return the different texts of a CSV file with a column ``text``; other columns are passed over.

    Empty ones are left out. Raises ``TrainingError`` that names the line of what is no CSV or no UTF-8.
    """
    reader = _lines(data)
    try:
        header: list[str] = next(reader, [])
        if "text" not in header:
            raise TrainingError(
                f"line 1: columns {','.join(header)[:200]!r}, expected one called text"
            )
        place = header.index("text")
        texts = {fields[place]: None for fields in reader if len(fields) > place}
    except csv.Error as error:
        raise no_csv(reader, error) from error
    return [text for text in texts if text.strip()]


def no_csv(reader: Any, error: csv.Error) -> TrainingError:
    """Return what to say of a line that cannot be read."""
    if "field limit" in str(error):
        said = f"a field has more than {csv.field_size_limit():,} characters; expected a message"
        return TrainingError(f"line {reader.line_num}: {said}")
    return TrainingError(f"line {reader.line_num}: {error}; expected CSV")


def _lines(data: bytes) -> Any:
    """Return the reader of a CSV file. Raises ``TrainingError`` for bytes that are no UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"line {line}: byte 0x{data[error.start]:02x} is no UTF-8; save the file as UTF-8"
        raise TrainingError(message) from error
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def gathered(rows: Sequence[Row]) -> Labelled:
    """Return the rows with exact repeats left out, and count the texts with several labels."""
    kept = list({(row.text, row.label): row for row in reversed(rows)}.values())[::-1]
    labels: dict[str, set[str]] = {}
    for row in kept:
        labels.setdefault(row.text, set()).add(row.label)
    disputed = sum(len(each) > 1 for each in labels.values())
    return Labelled(tuple(kept), len(rows) - len(kept), disputed)


def _check_header(header: list[str]) -> None:
    known = (*COLUMNS, *OPTIONAL_COLUMNS)
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in known]
    if missing or unknown or len(set(header)) != len(header):
        shown = ",".join(header)[:200]
        raise TrainingError(f"line 1: columns {shown!r}, expected text,label and perhaps language")


def _read(reader: Any, header: list[str]) -> tuple[list[Row], list[str]]:
    """Return the good rows, and a sentence for every bad one."""
    place = {name: header.index(name) for name in header}
    rows: list[Row] = []
    faults: list[str] = []
    for fields in reader:
        line = reader.line_num
        if not fields:
            continue
        if len(fields) != len(header):
            faults.append(f"line {line}: {len(fields)} fields, expected {len(header)}")
            continue
        text, label = fields[place["text"]], fields[place["label"]].strip()
        if not text.strip():
            faults.append(f"line {line}: text is empty, expected a message")
        elif not label:
            faults.append(f"line {line}: label is missing for {text[:40]!r}")
        elif len(label) > LABEL_LENGTH_MAX:
            faults.append(f"line {line}: label has {len(label)} characters, expected at most 128")
        else:
            language = fields[place["language"]].strip() if "language" in place else ""
            rows.append(Row(text, label, language))
        if len(rows) > ROWS_MAX:
            raise TrainingError(f"line {line}: more than {ROWS_MAX:,} rows")
    return rows, faults
