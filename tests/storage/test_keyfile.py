"""Operators' key files and public lines: what is wrong with one is told in one line."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.exceptions import RuntimeError as SodiumError
from nacl.public import PrivateKey

from intake.errors import KeyFileError, WrongPassphrase
from storage import keyfile
from storage.argon import Cost
from storage.public_key import check_public, decode_public, encode_public
from storage.purpose import Purpose, digest

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
TEXT: str = VECTORS["key_file"]["text"]
PASSPHRASE: str = VECTORS["key_file"]["passphrase"]
PUBLIC = bytes.fromhex(VECTORS["keys"]["public"])
LINE: str = VECTORS["keys"]["line"]
QUICK = Cost(passes=1, memory=8192)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    path.chmod(0o600)
    return path


def fault(path: Path, text: str) -> str:
    """The one line that says what is wrong with this file."""
    with pytest.raises(KeyFileError) as refused:
        keyfile.load(written(path, text), PASSPHRASE)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def checked(body: str) -> str:
    """A file with a checksum that is right, whatever the body."""
    return f"{body}check {digest(Purpose.KEY_FILE, body.encode(), size=16).hex()}\n"


def test_a_key_file_gives_the_private_key_back_for_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "new" / "my.key"
    public = keyfile.create(path, "a long passphrase", QUICK)
    assert keyfile.load(path, "a long passphrase").public_key == public
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_holds_neither_the_private_key_nor_the_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    keyfile.create(path, "a long passphrase", QUICK)
    text = path.read_text()
    assert bytes(keyfile.load(path, "a long passphrase")).hex() not in text
    assert "passphrase" not in text


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "my.key", "something")
    with pytest.raises(KeyFileError, match="exists already"):
        keyfile.create(path, "a long passphrase", QUICK)
    assert path.read_text() == "something"


@pytest.mark.parametrize("passphrase", ["", "seven c", unicodedata.normalize("NFD", "йййй")])
def test_a_short_passphrase_is_refused_before_a_file_is_made(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(KeyFileError, match="at least 8"):
        keyfile.create(tmp_path / "my.key", passphrase, QUICK)
    assert not list(tmp_path.iterdir())


def test_a_wrong_passphrase_is_told_apart_from_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase) as refused:
        keyfile.load(written(tmp_path / "my.key", TEXT), "another passphrase")
    assert "another" not in str(refused.value)


def test_a_passphrase_counts_as_the_same_however_a_keyboard_writes_it(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", PASSPHRASE)
    assert apart != PASSPHRASE
    assert bytes(keyfile.load(written(tmp_path / "my.key", TEXT), apart).public_key) == PUBLIC


def test_a_passphrase_that_is_no_text_is_just_wrong(tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase):
        keyfile.load(written(tmp_path / "my.key", TEXT), "not text \udcff")


def test_line_ends_of_another_system_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path / "my.key", TEXT.replace("\n", "\r\n"))
    assert bytes(keyfile.load(path, PASSPHRASE).public_key) == PUBLIC


def test_what_is_wrong_with_a_key_file_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    with pytest.raises(KeyFileError, match="missing"):
        keyfile.load(path, PASSPHRASE)
    assert "not a Postern key file" in fault(path, "-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert "not a Postern key file" in fault(path, "ключ")
    assert "not a Postern key file" in fault(path, VECTORS["server_key"]["line"])
    assert "holds a public key" in fault(path, LINE)
    assert "newer" in fault(path, TEXT.replace("key-1", "key-2"))
    assert "damaged" in fault(path, TEXT.replace("key-1", "key-x"))
    path.write_text(TEXT)
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keyfile.load(path, PASSPHRASE)


def test_a_key_file_cut_anywhere_is_called_cut_short(tmp_path: Path) -> None:
    for size in range(len(TEXT) - 1):
        assert "cut short" in fault(tmp_path / "my.key", TEXT[:size])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(len("postern-key-1"), len(TEXT) - 2), st.sampled_from("0aZ \n"))
def test_a_key_file_with_any_character_changed_is_never_taken_for_a_wrong_passphrase(
    tmp_path: Path, at: int, char: str
) -> None:
    if TEXT[at] != char:
        assert "my.key is" in fault(tmp_path / "my.key", TEXT[:at] + char + TEXT[at + 1 :])


@pytest.mark.parametrize("cost", ["0 8192", "9999 8192", "1 8191", "1 999999999999999", "21 8192"])
def test_an_absurd_cost_is_refused_before_it_is_paid(tmp_path: Path, cost: str) -> None:
    body = TEXT.rpartition("check ")[0].replace("argon2id 1 8192", f"argon2id {cost}")
    assert "absurd" in fault(tmp_path / "my.key", checked(body))


def test_a_cost_that_was_lowered_does_not_open_the_file(tmp_path: Path) -> None:
    body = TEXT.rpartition("check ")[0].replace("argon2id 1 8192", "argon2id 1 16384")
    with pytest.raises(WrongPassphrase):
        keyfile.load(written(tmp_path / "my.key", checked(body)), PASSPHRASE)


def test_too_little_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_: object, **__: object) -> bytes:
        raise SodiumError("no memory")

    monkeypatch.setattr("nacl.pwhash.argon2id.kdf", starved)
    assert "free memory" in fault(tmp_path / "my.key", TEXT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=99).map(lambda tail: b"postern-key-1\n" + tail))
def test_any_file_is_a_key_file_error(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "my.key", "")
    path.write_bytes(content)
    with pytest.raises(KeyFileError):
        keyfile.load(path, PASSPHRASE)


def test_a_guess_at_a_passphrase_is_expensive() -> None:
    assert keyfile.KEY_COST.memory >= 256 * 1024 * 1024
    assert keyfile.KEY_COST.passes >= 3


# Public lines


@given(st.binary(min_size=32, max_size=32))
def test_a_public_key_survives_its_line_however_it_is_pasted(seed: bytes) -> None:
    public = bytes(PrivateKey(seed).public_key)
    line = encode_public(public)
    assert line.startswith("postern-pub-1")
    assert line == line.lower()
    assert decode_public(line) == public
    assert decode_public(f"  {line[:20]}\n{line[20:].upper()} ") == public


@given(st.integers(0, 55), st.sampled_from(ALPHABET + "018!й"))
def test_one_wrong_character_in_a_public_line_is_found(at: int, char: str) -> None:
    at += len("postern-pub-1")
    if LINE[at] != char:
        with pytest.raises(KeyFileError, match="mistyped"):
            decode_public(LINE[:at] + char + LINE[at + 1 :])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LINE[:-1], "cut short"),
        ("postern-pub-1", "cut short"),
        (LINE + "a", "too long"),
        ("", "must begin"),
        ("ssh-ed25519 AAAA", "must begin"),
        ("postern-pub-2" + LINE[13:], "must begin"),
        (TEXT, "never send it"),
        (VECTORS["server_key"]["line"], "never send it"),
    ],
)
def test_what_is_wrong_with_a_public_line_is_told_apart(text: str, told: str) -> None:
    with pytest.raises(KeyFileError, match=told) as refused:
        decode_public(text)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=80) | st.text(ALPHABET, min_size=56, max_size=56).map("postern-pub-1".__add__))
def test_any_text_is_a_public_key_or_a_key_file_error(text: str) -> None:
    try:
        assert len(decode_public(text)) == 32
    except KeyFileError:
        return


LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
SECOND_SPELLINGS = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd1662d4",
]


@pytest.mark.parametrize("point", LOW_ORDER + SECOND_SPELLINGS)
def test_points_that_give_no_protection_or_have_a_second_spelling_are_refused(point: str) -> None:
    public = bytes.fromhex(point)
    with pytest.raises(KeyFileError, match="make a new key"):
        check_public(public)
    with pytest.raises(KeyFileError, match="make a new key"):
        encode_public(public)


def test_a_well_written_line_of_a_useless_point_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("storage.public_key.check_public", lambda public: public)
        line = encode_public(bytes(32))
    with pytest.raises(KeyFileError, match="no protection"):
        decode_public(line)


# Fixed vectors


def test_vector_key_file(tmp_path: Path) -> None:
    vector = VECTORS["key_file"]
    private = keyfile.load(written(tmp_path / "my.key", TEXT), PASSPHRASE)
    assert bytes(private).hex() == VECTORS["keys"]["private"]
    salt, nonce = bytes.fromhex(vector["salt"]), bytes.fromhex(vector["nonce"])
    cost = Cost(vector["passes"], vector["memory"])
    assert keyfile._seal(private, PASSPHRASE, cost, salt=salt, nonce=nonce) == TEXT


def test_vector_public_line() -> None:
    assert encode_public(PUBLIC) == LINE
    assert decode_public(LINE) == PUBLIC
