"""Documents and other files that the sandbox holds, by file id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from sandbox.world import Json


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    unique_id: str
    kind: str
    name: str
    content: bytes
    path: str

    def fields(self) -> Json:
        """What every file object of the Bot API carries."""
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}


@dataclass(slots=True)
class Files:
    _by_id: dict[str, StoredFile] = field(default_factory=dict)

    def keep(self, kind: str, upload: Upload) -> StoredFile:
        number = len(self._by_id)
        unique = hashlib.blake2b(f"{number}".encode() + upload.content, digest_size=9).hexdigest()
        suffix = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
        suffix = suffix if suffix.isascii() and suffix.isalnum() else "bin"
        path = f"{kind}s/file_{number}.{suffix}"
        stored = StoredFile(f"BQAC{unique}{number:04x}", unique, kind, upload.name, upload.content, path)
        self._by_id[stored.id] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        return next((f for f in self._by_id.values() if f.path == path), None)
