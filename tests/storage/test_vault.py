"""The server key's file, and what is wrapped, tagged and authenticated under it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.errors import KeyFileError, SealingError, Tampered, WrongKey
from storage.purpose import Purpose, framed, subkey
from storage.server_key import KeyRing, ServerKey
from storage.vault import WRAP_OVERHEAD, Vault, _Box

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
KEY = ServerKey(bytes(range(32)))
SECRETS = Vault.new_secrets(KEY)
VAULT = Vault(KEY, SECRETS)
BOX = VAULT.wrap("drafts.state", b"row", b"a draft")


def flipped(data: bytes, bit: int) -> bytes:
    at = bit % (8 * len(data))
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


# The key's file


def test_a_server_key_is_read_back_from_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "server.key"
    key = ServerKey.create(path)
    assert KeyRing.load(path).keys == (key,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert len(path.read_text().splitlines()) == 1


def test_a_server_key_is_new_each_time_and_never_overwritten(tmp_path: Path) -> None:
    assert ServerKey.create(tmp_path / "a") != ServerKey.create(tmp_path / "b")
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        ServerKey.create(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == before


def test_a_wide_or_a_narrow_umask_changes_nothing(tmp_path: Path) -> None:
    for umask in (0o000, 0o377):
        former = os.umask(umask)
        try:
            ServerKey.create(tmp_path / f"key-{umask}")
        finally:
            os.umask(former)
        assert (tmp_path / f"key-{umask}").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "server.key"
    ServerKey.create(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        KeyRing.load(path)


def test_a_systemd_credential_may_be_readable_by_its_group_and_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "credentials" / "server.key"
    key = ServerKey.create(path)
    path.chmod(0o440)
    assert KeyRing.load(path, credentials=path.parent).keys == (key,)
    with pytest.raises(KeyFileError, match="chmod 600"):
        KeyRing.load(path, credentials=tmp_path / "elsewhere")
    path.chmod(0o444)
    with pytest.raises(KeyFileError, match="chmod 600"):
        KeyRing.load(path, credentials=path.parent)


def spoilt(path: Path, text: str) -> str:
    """The one line that says what is wrong with this file."""
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as refused:
        KeyRing.load(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_is_wrong_with_a_server_key_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    line = VECTORS["server_key"]["line"]
    with pytest.raises(KeyFileError, match="missing"):
        KeyRing.load(path)
    assert "not a Postern server key" in spoilt(path, "-----BEGIN OPENSSH PRIVATE KEY-----")
    assert "not a Postern server key" in spoilt(path, "postern-key-1\nargon2id 3 4096\n")
    assert "not a Postern key file" in spoilt(path, "x" * 5000)
    assert "not a Postern key file" in spoilt(path, "ключ")
    assert "newer" in spoilt(path, line.replace("key-1", "key-2"))
    assert "damaged" in spoilt(path, line.replace("key-1", "key-x"))
    assert "damaged" in spoilt(path, line + "00")
    assert "damaged" in spoilt(path, line.replace("6061", "6161"))
    for size in range(len(line)):
        assert "cut short" in spoilt(path, line[:size])
    path.unlink()
    path.mkdir()
    with pytest.raises(KeyFileError, match="not a file"):
        KeyRing.load(path)


def test_a_pipe_in_place_of_the_key_does_not_hang_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="not a file"):
        KeyRing.load(tmp_path / "pipe")


def test_a_folder_or_a_file_that_cannot_be_made_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="The folder"):
        ServerKey.create(tmp_path / "file" / "folder" / "server.key")
    with pytest.raises(KeyFileError, match="cannot be made"):
        ServerKey.create(tmp_path / ("long" * 100))
    with pytest.raises(KeyFileError, match="cannot be read"):
        KeyRing.load(tmp_path / ("long" * 100))


def test_a_disk_that_fills_up_leaves_no_half_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left"):
        ServerKey.create(tmp_path / "server.key")
    assert not list(tmp_path.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(st.characters(codec="ascii")).map(lambda s: b"postern-server-key-" + s.encode())
)
def test_any_file_is_a_server_key_or_a_key_file_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "server.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        KeyRing.load(path)


def test_a_server_key_has_32_bytes_and_does_not_show_them() -> None:
    with pytest.raises(ValueError, match="32"):
        ServerKey(b"short")
    key = ServerKey(b"K" * 32)
    assert "KKK" not in f"{key!r} {key} {VAULT!r}"


# Wrapping


@given(st.text(min_size=1, max_size=30), st.binary(max_size=30), st.binary(max_size=200))
def test_what_is_wrapped_is_unwrapped_in_the_same_place(place: str, row: bytes, plaintext: bytes) -> None:
    box = VAULT.wrap(place, row, plaintext)
    assert len(box) == len(plaintext) + WRAP_OVERHEAD
    assert VAULT.unwrap(place, row, box) == plaintext


@given(st.integers(min_value=0))
def test_a_wrapped_box_with_any_bit_changed_does_not_unwrap(bit: int) -> None:
    with pytest.raises((Tampered, WrongKey)) as raised:
        VAULT.unwrap("drafts.state", b"row", flipped(BOX, bit))
    assert "draft'" not in str(raised.value)


@given(st.binary(max_size=100) | st.binary(max_size=100).map(lambda tail: BOX[:5] + tail))
def test_any_bytes_unwrap_to_nothing_but_an_error(box: bytes) -> None:
    with pytest.raises(SealingError):
        VAULT.unwrap("drafts.state", b"row", box)
    with pytest.raises(SealingError):
        VAULT.unwrap_padded("drafts.state", b"row", box)
    with pytest.raises(SealingError):
        Vault(KEY, box)


@pytest.mark.parametrize(
    ("place", "row"), [("drafts.stat", b"erow"), ("drafts.state", b"other"), ("cases.box", b"row")]
)
def test_a_box_copied_to_another_column_or_row_is_tampered(place: str, row: bytes) -> None:
    with pytest.raises(Tampered):
        VAULT.unwrap(place, row, BOX)


def test_a_box_of_another_server_key_is_told_apart_from_a_damaged_one() -> None:
    other = ServerKey.generate()
    with pytest.raises(WrongKey):
        Vault(other, VAULT.rewrap_secrets(other)).unwrap("drafts.state", b"row", BOX)
    with pytest.raises(WrongKey):
        Vault(other, SECRETS)


def test_wrapped_secrets_of_a_wrong_size_or_kind_are_tampered() -> None:
    for purpose in (Purpose.WRAP_SECRETS, Purpose.WRAP):
        with pytest.raises(Tampered):
            Vault(KEY, _Box(KEY, purpose).wrap("vault.secrets", b"", bytes(47)))


@given(st.binary(max_size=50), st.integers(50, 60))
def test_padded_boxes_of_one_size_do_not_tell_how_much_is_in_them(plaintext: bytes, size: int) -> None:
    box = VAULT.wrap_padded("cases.facts", b"row", plaintext, size)
    assert len(box) == len(VAULT.wrap_padded("cases.facts", b"row", b"", size))
    assert VAULT.unwrap_padded("cases.facts", b"row", box) == plaintext


def test_what_has_no_room_is_refused_without_being_quoted() -> None:
    with pytest.raises(ValueError, match="has room for 3 bytes") as refused:
        VAULT.wrap_padded("cases.facts", b"row", b"four", 3)
    assert "four" not in str(refused.value)


@pytest.mark.parametrize("padded", [b"", b"\0\0\0", b"\0\0\0\5abcd", b"\0\0\0\1a\1", b"\xff\xff\xff\xff"])
def test_padding_of_another_form_is_tampered(padded: bytes) -> None:
    with pytest.raises(Tampered):
        VAULT.unwrap_padded("cases.facts", b"row", VAULT.wrap("cases.facts", b"row", padded))


# Tags and MACs


def test_tags_and_macs_outlive_a_rotation_of_the_server_key() -> None:
    new_key = ServerKey.generate()
    rotated = Vault.open(new_key, VAULT.rewrap_secrets(new_key))
    assert rotated.account(42) == VAULT.account(42)
    assert rotated.code_salt == VAULT.code_salt
    rotated.check_mac("cases.box", b"row", b"data", VAULT.mac("cases.box", b"row", b"data"))


def test_another_installation_has_other_tags_even_with_the_same_server_key() -> None:
    other = Vault(KEY, Vault.new_secrets(KEY))
    assert other.account(42) != VAULT.account(42)
    assert other.mac("p", b"", b"") != VAULT.mac("p", b"", b"")
    assert other.code_salt != VAULT.code_salt


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_accounts_and_chats_are_told_apart_by_tags_of_16_bytes(one: int, two: int) -> None:
    assert len(VAULT.account(one)) == 16
    assert (VAULT.account(one) == VAULT.account(two)) == (one == two)


def test_kinds_of_tags_do_not_mix_and_parts_do_not_run_together() -> None:
    assert VAULT.tag("invite", b"x") != VAULT.tag("update", b"x")
    assert VAULT.tag("ab", b"c") != VAULT.tag("a", b"bc")
    assert VAULT.mac("a", b"bc", b"d") != VAULT.mac("ab", b"c", b"d")
    assert VAULT.mac("a", b"b", b"cd") != VAULT.mac("a", b"bc", b"d")


@given(st.binary(min_size=1, max_size=50), st.integers(min_value=0))
def test_a_mac_holds_for_its_data_and_place_only(data: bytes, bit: int) -> None:
    mac = VAULT.mac("cases.box", b"row", data)
    VAULT.check_mac("cases.box", b"row", data, mac)
    for place, row, content, code in (
        ("cases.box", b"row", flipped(data, bit), mac),
        ("cases.box", b"row", data, flipped(mac, bit)),
        ("cases.box", b"row", data, mac[:-1]),
        ("cases.box", b"wor", data, mac),
        ("blocks.box", b"row", data, mac),
    ):
        with pytest.raises(Tampered):
            VAULT.check_mac(place, row, content, code)


# Purposes


def test_no_two_purposes_share_a_label_or_a_subkey() -> None:
    assert len({subkey(purpose, bytes(32)) for purpose in Purpose}) == len(Purpose.__members__)


@given(st.lists(st.binary(max_size=5)), st.lists(st.binary(max_size=5)))
def test_different_parts_are_framed_differently(one: list[bytes], two: list[bytes]) -> None:
    assert (framed(*one) == framed(*two)) == (one == two)


# Fixed vectors


def test_vector_server_key(tmp_path: Path) -> None:
    vector = VECTORS["server_key"]
    path = tmp_path / "server.key"
    path.write_text(vector["line"] + "\n")
    path.chmod(0o600)
    assert KeyRing.load(path).newest.secret.hex() == vector["secret"]


def test_vector_subkeys_as_the_standard_library_computes_them() -> None:
    server, hashes = VECTORS["server_key"], bytes.fromhex(VECTORS["vault"]["secrets"])[:32]
    for key, table in ((bytes.fromhex(server["secret"]), "subkeys"), (hashes, "hash_subkeys")):
        for name, expected in server[table].items():
            label = Purpose[name].value.encode()
            message = len(label).to_bytes(4) + label
            assert subkey(Purpose[name], key).hex() == expected
            assert hashlib.blake2b(message, digest_size=32, key=key).hexdigest() == expected


def test_vector_boxes_tags_and_macs() -> None:
    vector = {name: value for name, value in VECTORS["vault"].items() if isinstance(value, str)}
    key = ServerKey(bytes.fromhex(VECTORS["server_key"]["secret"]))
    nonce, row, plaintext = (bytes.fromhex(vector[name]) for name in ("nonce", "row", "plaintext"))
    wrapped = bytes.fromhex(vector["wrapped_secrets"])
    vault = Vault(key, wrapped)
    assert _Box(key, Purpose.WRAP).wrap(vector["place"], row, plaintext, nonce).hex() == vector["box"]
    assert (
        _Box(key, Purpose.WRAP_SECRETS).wrap("vault.secrets", b"", bytes.fromhex(vector["secrets"]), nonce)
        == wrapped
    )
    assert vault.unwrap(vector["place"], row, bytes.fromhex(vector["box"])) == plaintext
    assert vault.unwrap_padded(vector["place"], row, bytes.fromhex(vector["padded_box"])) == plaintext
    assert vault.code_salt.hex() == vector["secrets"][64:]
    assert vault.tag("update", b"42").hex() == vector["tag"]
    assert vault.account(VECTORS["vault"]["account_id"]).hex() == vector["account"]
    assert vault.mac("cases.box", row, b"data").hex() == vector["mac"]
