"""postern report: sentences with both bases, what a reader can work out, and nothing that points at a few people."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import struct
import time
from pathlib import Path

import pytest

from bot.installation import load_questionnaire, opened
from bot.report import Report, _waiting
from bot.report_formats import as_chart
from bot.settings import Settings
from handlers.texts import load_texts
from handlers.wording import Wording
from intake.counts import earlier, month_of
from intake.external import read as read_series
from intake.tables import Release
from storage import releases, tallies
from tests import counted
from tests.bot.installed import Shell

AUTUMN = ("report", "--from", "2023-09", "--to", "2023-11")
STATUS = {"serving": 40, "refusing": 35, "on-leave": 25}


def _settings(shell: Shell) -> Settings:
    key_file = shell.place.home / ".config/postern/server.key"
    return shell.place.loaded.model_copy(update={"server_key_file": key_file})


async def _restore(shell: Shell, months: dict[str, dict[str, int]]) -> None:
    async with opened(_settings(shell)) as installation:
        await installation.db.write(lambda tx: tallies.restore(tx, months))


@pytest.fixture
def published(installed: Shell) -> Shell:
    asyncio.run(_restore(installed, counted.months("status", STATUS)))
    return installed


def test_the_sentences_carry_both_bases_the_record_and_what_follows(published: Shell) -> None:
    done = published(*AUTUMN)
    assert done.code == 0
    assert (
        "577 requests from September to November 2023, 89\N{NO-BREAK SPACE}% more than from June to August 2023 (305)."
        in done.out
    )
    assert "218 requests in October 2023: more than in any other month since counting began" in done.out
    assert "! September 2023: 184 follows from these numbers by subtraction." in done.out
    assert "Request: what was sent" in done.out


def test_parts_are_rounded_the_same_way_each_time_and_totals_are_not(published: Shell) -> None:
    asked = (*AUTUMN, "--by", "status", "--round", "5", "--format", "json")
    made = json.loads(published(*asked).out)
    numbers = [each["n"] for part in made["parts"] for each in part["numbers"] if each["n"] is not None]
    assert numbers
    assert all(n % 5 == 0 for n in numbers)
    assert json.loads(published(*asked).out)["parts"] == made["parts"]
    said = published(*AUTUMN, "--by", "status", "--round", "5").out
    assert "577" in said
    assert "! Every number of the parts is rounded up or down to a multiple of 5" in said


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "ru",
            "577 обращений с сентября по ноябрь 2023 г. — на 89\N{NO-BREAK SPACE}% больше, чем с июня по август",
        ),
        (
            "uk",
            "577 звернень з вересня по листопад 2023 р. — на 89\N{NO-BREAK SPACE}% більше, ніж з червня по серпень",
        ),
        ("kk", "2023 ж. қыркүйек – 2023 ж. қараша аралығында 577 өтініш түсті"),
    ],
)
def test_it_speaks_four_languages(published: Shell, language: str, sentence: str) -> None:
    said = published(*AUTUMN, "--language", language).out.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert sentence in said


def test_a_number_under_the_threshold_is_neither_shown_nor_left_over(installed: Shell) -> None:
    """A part of 577 with 352 in one month and 218 in another: 7 are left for the third."""
    months = counted.months("status", STATUS)
    for month, serving in (("2023-09", 352), ("2023-10", 218), ("2023-11", 7)):
        months[month] |= {"requests": serving + 400, "answer:status:serving": serving}
        months[month] |= {"answer:status:refusing": 220, "answer:status:on-leave": 180}
    asyncio.run(_restore(installed, months))
    made = json.loads(installed(*AUTUMN, "--by", "status", "--months", "--format", "json").out)
    (serving,) = [each["numbers"] for each in made["parts"] if each["option"] == "Serving in a unit"]
    found = {(each["from"], each["to"]): each["n"] for each in serving}
    assert found["2023-11", "2023-11"] is None
    assert None in {found["2023-09", "2023-09"], found["2023-10", "2023-10"], found["2023-09", "2023-11"]}
    assert installed(*AUTUMN, "--by", "status").code == 0
    remembered = json.loads(installed(*AUTUMN, "--by", "status", "--format", "json").out)
    quarters = [
        each["numbers"][-1]["n"] for each in remembered["parts"] if each["option"] == "Serving in a unit"
    ]
    if 577 in quarters:  # shown later: then a month of those two must have stayed hidden
        assert None in {found["2023-09", "2023-09"], found["2023-10", "2023-10"]}


def test_what_was_printed_is_remembered(published: Shell) -> None:
    published(*AUTUMN, "--by", "status")

    async def told() -> list[Release]:
        async with opened(_settings(published)) as installation:
            return list(await installation.db.read(releases.everything))

    first = asyncio.run(told())
    assert sorted(each.question for each in first) == ["", "outcome", "persons", "status", "~service"]
    published(*AUTUMN, "--by", "status")
    assert asyncio.run(told()) == first


def test_whoever_takes_counts_out_stands_in_the_audit_trail(published: Shell) -> None:
    published(*AUTUMN, "--by", "status")
    assert "exported counts · 2023-09, 2023-11, status" in published("audit").out
    before = published("audit").out.count("exported counts")
    assert published("report", "--from", "2023-09", "--by", "nonsense").code != 0
    assert published("audit").out.count("exported counts") == before


def test_a_part_is_given_with_its_share_and_both_totals(published: Shell) -> None:
    out = published(*AUTUMN, "--by", "status").out
    assert "Serving in a unit: 40\N{NO-BREAK SPACE}% of the requests from September to November 2023" in out
    assert "of 577); from June to August 2023 it was" in out


def test_csv_and_json_say_the_same(published: Shell, tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("period,Court cases\n2023-H1,1240\n2023-09..2023-11,905.5\n", "utf-8")
    as_json = json.loads(published(*AUTUMN, "--format", "json", "--beside", str(file)).out)
    rows = list(csv.DictReader(io.StringIO(published(*AUTUMN, "--format", "csv", "--beside", str(file)).out)))
    named = {(row["what"], row["from"], row["to"]): row["number"] for row in rows if row["source"] == "ours"}
    assert named["period: requests", "2023-09", "2023-11"] == "577"
    assert as_json["totals"][0] == {
        "what": "period", "from": "2023-09", "to": "2023-11", "requests": 577, "people": None, "cases": 482,
    }  # fmt: skip
    assert [(row["number"], row["our requests"]) for row in rows if row["source"] == "not ours"] == [
        ("1240", "281"), ("905.5", "577"),
    ]  # fmt: skip
    definitions = [row["note"] for row in rows if row["what"] == "definition"]
    assert definitions == as_json["definitions"]
    assert any("184" in row["note"] for row in rows if row["what"] == "remark")
    assert [row["our_requests"] for row in as_json["not_ours"]["rows"]] == [281, 577]
    assert as_json["answered_in_time"]["of"] > 100


def test_a_picture_is_drawn_with_the_series_beside_it(published: Shell, tmp_path: Path) -> None:
    file, series = tmp_path / "autumn.png", tmp_path / "series.csv"
    series.write_text("period,Court cases\n2023-09..2023-11,905.5\n", "utf-8")
    asked = (*AUTUMN, "--format", "png", "--out", str(file))
    assert published(*asked, "--beside", str(series)).code == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    _, height = struct.unpack(">II", file.read_bytes()[16:24])
    report = Report(
        Wording(load_texts(), "en", load_questionnaire(published.place.loaded)), ("2023-10", "2023-11"), [], [],
        series={"2023-10": 218, "2023-11": 175}, begins="2023-10",
        beside=read_series(series.read_text(), "f"), ours=[577],
    )  # fmt: skip
    chart = as_chart(report, "Open Gate")
    assert chart.lines[0].open_start
    assert chart.beside is not None
    assert (chart.beside.labels, chart.beside.bars) == (
        ("September – November 2023 · our requests: 577",),
        (905.5,),
    )
    assert chart.beside.is_others
    assert height > 1_000  # both of them, one above the other


def test_cases_under_the_threshold_are_told_as_one_number() -> None:
    assert _waiting({"open": 40, "claimed": 12}, 10) == {"all": 52, "open": 40, "claimed": 12}
    assert _waiting({"open": 40, "claimed": 3}, 10) == {"all": 43, "open": None, "claimed": None}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2023-13"), "like 2023-06"),
        (("--from", "2023-09", "--to", "2023-06"), "--from and --to"),
        (("--to", "2020-01"), "counts from 2022-06"),
        (("--from", "1000-01"), "counts from 2022-06"),
        (
            ("--to", "2023-11", "--by", "colour"),
            "there is no such question; there are level, language, outcome",
        ),
        (("--to", "2023-11", "--beside", "missing.csv"), "No such file"),
    ],
)
def test_a_mistake_gets_one_line(published: Shell, options: tuple[str, ...], said: str) -> None:
    done = published("report", *options)
    assert done.code == 1
    assert said in done.err
    assert done.err.count("\n") == 1


def test_nothing_counted_is_said(installed: Shell) -> None:
    assert installed("report").err == "Nothing has been counted yet.\n"


def test_cases_that_would_tell_how_few_were_duplicates_are_hidden(installed: Shell) -> None:
    few = {"requests": 300, "outcome:helped": 100, "outcome:duplicate": 4, "cases": 100}
    many = {"requests": 300, "outcome:helped": 100, "outcome:duplicate": 40, "cases": 100}
    asyncio.run(_restore(installed, {"2023-09": many, "2023-10": few}))
    asked = ("report", "--from", "2023-09", "--to", "2023-10", "--months", "--format", "json")
    totals = json.loads(installed(*asked).out)["totals"]
    cases = {(each["from"], each["to"]): each["cases"] for each in totals}
    assert cases["2023-09", "2023-09"] == 100
    assert cases["2023-10", "2023-10"] is None
    assert cases["2023-09", "2023-10"] is None  # minus September's it would tell

    async def remembered() -> set[str]:
        async with opened(_settings(installed)) as installation:
            return {each.question for each in await installation.db.read(releases.everything)}

    assert "outcome" in asyncio.run(remembered())


def test_cases_that_do_not_fit_the_endings_are_hidden_and_spoil_no_breakdown(installed: Shell) -> None:
    counts = {"requests": 300, "outcome:helped": 40, "outcome:referred": 30, "outcome:test": 20}
    asyncio.run(_restore(installed, {"2023-10": counts}))  # kept elsewhere, without cases
    asked = ("report", "--from", "2023-10", "--to", "2023-10", "--by", "outcome", "--format", "json")
    made = json.loads(installed(*asked).out)
    assert made["totals"][0]["cases"] is None
    assert made["parts"]


def test_endings_are_shares_of_what_was_closed(installed: Shell) -> None:
    endings = {"helped": 40, "referred": 15, "no-answer": 12, "out-of-scope": 11, "duplicate": 12}
    endings |= {"test": 11, "withdrawn": 14}
    counts = {"requests": 300, "cases": 78} | {f"outcome:{name}": n for name, n in endings.items()}
    asyncio.run(_restore(installed, {"2023-10": counts}))
    out = installed("report", "--from", "2023-10", "--to", "2023-10", "--by", "outcome").out
    assert "of the requests closed in October 2023 (40 of 115)" in out
    assert "of the requests in October 2023" not in out


def test_the_month_that_runs_is_said_to_run_and_may_be_the_record(installed: Shell) -> None:
    this, last, before = (earlier(month_of(int(time.time())), n) for n in range(3))
    older = {earlier(this, n): {"requests": 100 + n} for n in range(3, 8)}
    asyncio.run(
        _restore(
            installed, older | {before: {"requests": 90}, last: {"requests": 80}, this: {"requests": 500}}
        )
    )
    made = json.loads(installed("report", "--from", this, "--format", "json").out)
    assert any("(so far)" in sentence for sentence in made["sentences"])
    assert not any("more than" in sentence for sentence in made["sentences"])


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_a_sentence_ends_with_one_full_stop(installed: Shell, language: str) -> None:
    asyncio.run(_restore(installed, {"2023-10": {"requests": 218}}))
    assert ".." not in installed("report", "--from", "2023-10", "--to", "2023-10", "--language", language).out


def test_why_parts_are_not_shown_is_said_beside_csv_too(installed: Shell) -> None:
    asyncio.run(_restore(installed, {"2023-10": {"requests": 8, "answer:status:serving": 8}}))
    asked = ("report", "--from", "2023-10", "--to", "2023-10", "--by", "status")
    assert "! Nothing of this can be shown" in installed(*asked, "--format", "csv").err
