"""Messages with media, in the Bot API's fields."""

from __future__ import annotations

import mimetypes
import struct

from sandbox.errors import PeopleError, bad_request
from sandbox.files import Files, StoredFile, Upload
from sandbox.world import Json, Media

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024

PLAIN: dict[str, Json] = {
    "contact": {"phone_number": "+10005550100", "first_name": "Contact"},
    "location": {"latitude": 0.0, "longitude": 0.0},
    "venue": {"location": {"latitude": 0.0, "longitude": 0.0}, "title": "Venue", "address": "Street 1"},
    "dice": {"emoji": "\N{GAME DIE}", "value": 4},
    "poll": {
        "id": "1", "question": "Question?", "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
        "type": "regular", "allows_multiple_answers": False, "allows_revoting": True, "members_only": False,
        "options": [
            {"persistent_id": "1", "text": "Yes", "voter_count": 0},
            {"persistent_id": "2", "text": "No", "voter_count": 0},
        ],
    },
}  # fmt: skip

WITH_FILE: dict[str, tuple[str, Json]] = {
    # kind -> (default file name, fields beside the file's own)
    "document": ("document.bin", {}),
    "photo": ("photo.jpg", {"width": 100, "height": 100}),
    "voice": ("voice.ogg", {"duration": 3, "mime_type": "audio/ogg"}),
    "audio": ("audio.mp3", {"duration": 3, "mime_type": "audio/mpeg"}),
    "video": ("video.mp4", {"width": 100, "height": 100, "duration": 3, "mime_type": "video/mp4"}),
    "video_note": ("video_note.mp4", {"length": 100, "duration": 3}),
    "animation": ("animation.mp4", {"width": 100, "height": 100, "duration": 3}),
    "sticker": (
        "sticker.webp",
        {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
    ),
}


def from_person(files: Files, kind: str, file_name: str | None, content: bytes) -> Media:
    """What a person's app sends: a stand-in where no content is given."""
    if kind in PLAIN:
        fields = {kind: PLAIN[kind]}
        if kind == "venue":
            fields["location"] = PLAIN["location"]
        return Media(kind, fields)
    if kind not in WITH_FILE:
        raise PeopleError(f"there is no media of kind {kind}; known: {', '.join([*WITH_FILE, *PLAIN])}")
    return of_file(files.keep(kind, Upload(file_name or WITH_FILE[kind][0], content or b"-")))


def from_bot(files: Files, kind: str, given: Upload | str) -> Media:
    """A file that a bot uploads, or names by the id of one it may send again."""
    if isinstance(given, Upload):
        return of_file(files.keep(kind, _checked(kind, given)))
    if given.startswith(("http://", "https://")):
        raise bad_request("wrong type of the web page content")  # the sandbox loads nothing from elsewhere
    stored = files.get(given)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind != kind:
        raise bad_request(f"can't use file of type {stored.kind.title()} as {kind.title()}")
    return of_file(stored)


def of_file(stored: StoredFile) -> Media:
    fields = stored.fields() | WITH_FILE[stored.kind][1]
    if stored.kind == "photo":
        width, height = _dimensions(stored.content) or (100, 100)
        sizes = [fields | {"width": width, "height": height}]
        return Media("photo", {"photo": sizes}, stored.id, stored.name, len(stored.content))
    if stored.kind in ("document", "audio", "video", "animation"):
        fields["file_name"] = stored.name
    if stored.kind == "document":
        fields["mime_type"] = mimetypes.guess_type(stored.name)[0] or "application/octet-stream"
    body: Json = {stored.kind: fields}
    if stored.kind == "animation":
        body["document"] = {k: v for k, v in fields.items() if k.startswith(("file_", "mime"))}
    return Media(stored.kind, body, stored.id, stored.name, len(stored.content))


def _checked(kind: str, upload: Upload) -> Upload:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > MAX_UPLOAD_BYTES:
        raise bad_request("file is too big")
    if kind == "photo":
        if len(upload.content) > MAX_PHOTO_BYTES:
            raise bad_request("file is too big for a photo")
        size = _dimensions(upload.content)
        if size is None:
            raise bad_request("IMAGE_PROCESS_FAILED")
        if sum(size) > 10_000 or max(size) > 20 * min(size):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return upload


def _dimensions(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG; a stand-in for other images that Telegram takes; None: not an image."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return (width, height) if width and height else None
    if content.startswith((b"\xff\xd8\xff", b"GIF8")) or content[8:12] == b"WEBP":
        return (100, 100)
    return None
