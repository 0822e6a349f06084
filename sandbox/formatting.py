"""parse_mode: HTML is read as Telegram reads it; the Markdown styles are not modelled and are refused."""

from __future__ import annotations

import html
import re

from sandbox.entities import units
from sandbox.errors import ApiError, bad_request, not_modelled
from sandbox.world import Json

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote",
}  # fmt: skip
TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z-]*)(?P<rest>[^<>]*)>|(?P<bad><)|(?P<text>[^<]+)")
REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
ATTRIBUTE = re.compile(r"""([A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=]+)))?""")


def parsed(text: str, parse_mode: str, entities: list[Json] | None) -> tuple[str, list[Json] | None]:
    """Plain text and its entities. A parse mode wins over given entities, as in Telegram."""
    if not parse_mode:
        return text, entities
    if parse_mode.lower() in ("markdown", "markdownv2"):
        raise not_modelled(f"parse_mode {parse_mode}")
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    return _from_html(text)


def _from_html(source: str) -> tuple[str, list[Json]]:
    plain = ""
    found: list[Json] = []
    open_tags: list[tuple[str, int, Json]] = []
    for token in TOKEN.finditer(source):
        at = len(source[: token.start()].encode())
        if token["text"] is not None:
            plain += REFERENCE.sub(lambda m: html.unescape(m[0]), token["text"])
        elif token["bad"]:
            raise _refused(f'Unsupported start tag "" at byte offset {at}')
        elif token["end"]:
            start, entity = _closed(open_tags, token["tag"].lower(), at)
            if (length := units(plain) - start) > 0:
                found.append({**entity, "offset": start, "length": length})
        else:
            open_tags.append(
                (token["tag"].lower(), units(plain), _opened(token["tag"].lower(), token["rest"], at))
            )
    if open_tags:
        raise _refused(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    links = [e for e in found if e["type"] != "text_link" or e["url"]]
    return plain, sorted(links, key=lambda e: (e["offset"], -e["length"]))


def _opened(tag: str, rest: str, at: int) -> Json:
    attributes = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in ATTRIBUTE.finditer(rest)}
    if tag not in TAGS:
        raise _refused(f'Unsupported start tag "{tag}" at byte offset {at}')
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _refused(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    if tag == "a":
        return {"type": "text_link", "url": attributes.get("href", "")}
    if tag == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    return {"type": TAGS[tag]}


def _closed(open_tags: list[tuple[str, int, Json]], tag: str, at: int) -> tuple[int, Json]:
    if not open_tags:
        raise _refused(f"Unexpected end tag at byte offset {at}")
    expected, start, entity = open_tags.pop()
    if tag != expected:
        raise _refused(f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{tag}>"')
    return start, entity


def _refused(text: str) -> ApiError:
    return bad_request(f"can't parse entities: {text}")
