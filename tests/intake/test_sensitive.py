"""What could lead to a person is noticed by its kind; years, dates, sums and other numbers are left alone."""

from __future__ import annotations

from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.events import MAX_TEXT_BYTES
from intake.sensitive import Sensitive, found_in

NUMBERS = {
    Sensitive.PHONE: [
        "+7 916 123-45-67",
        "8 (916) 123-45-67",
        "89161234567",
        "9161234567",
        "8 701 123 45 67",
        "067 123 45 67",
        "+380671234567",
        "+374 91 123456",
        "091 123456",
        "+995 555 12 34 56",
        "555 12 34 56",
        "07911 123456",
        "+49 151 23456789",
        "+7\u00a0916\u00a0123\u00a045\u00a067",
    ],
    Sensitive.EMAIL: ["ann.b+c@example.org", "Иван@почта.рф", "<ann@mail.example.co.uk>"],
    Sensitive.CARD: ["4111111111111111", "4111-1111-1111-1111", "2200 1234 5678 9019", "3782 822463 10005"],
    Sensitive.DOCUMENT: [
        "45 10 123456",
        "4510 № 123456",
        "паспорт 4510123456",
        "паспорт: серия 4510 номер 123456",
        "75 1234567",
        "passport 751234567",
        "N12345678",
        "MP1234567",
        "AN0123456",
        "АА 123456",
        "850101300124",
        "900115300401",  # its first check digit would be 10, so the other weights count
        "3184710691",
    ],
}
HARMLESS = [
    "с 2019 по 2022, потом в 2023",
    "12.03.2023 10:30, или 2023-11-12 14:30:00",
    "24.02.2022 - 30.06.2023",
    "2 000 000 рублей, 1.500.000 или 500000000",
    "долг 555 123 456 рублей",  # in Georgia, a telephone has such a number
    "зарплата 195 000 в месяц, долг 1 200 000",
    "в 2022 200000 рублей",
    "указ № 647 от 21.09.2022 и 31-ФЗ, приказ № 1234567",
    "№ 123456789",
    "дом 17, кв. 45, этаж 12, 1985 год",
    "войсковая часть 12345, в/ч 54321",
    "ст. 337 ч. 5 УК РФ, п. 2.1",
    "рейс SU1234 в 14:50",
    "мне 27, двое детей: 2015 и 2018",
    "10-12 человек, 3 years 6 months",
    "K7QM-4ZDP",
    "1234 5678 9012 3456",
    "192.168.10.254",
    "@somebody",
]


@pytest.mark.parametrize(("kind", "number"), [(k, n) for k, numbers in NUMBERS.items() for n in numbers])
def test_each_kind_is_noticed_alone_and_among_words(kind: Sensitive, number: str) -> None:
    assert found_in(number) == (kind,)
    assert found_in(f"Напишите мне: {number}, вечером.") == (kind,)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert found_in(text) == ()


def test_several_kinds_are_each_named_once_in_one_order() -> None:
    assert found_in("N12345678 a@b.org +7 916 123-45-67 c@d.org") == ("phone", "email", "document")


def test_of_ordinary_texts_full_of_numbers_hardly_any_is_asked_about() -> None:
    """Measured: a wrong question every hundredth text, of texts that have far more numbers than people write."""
    random = Random(2022)

    def number() -> str:
        n = random.randint
        return random.choice(
            (
                f"в {n(1950, 2026)} году",
                f"{n(1, 31):02}.{n(1, 12):02}.{n(1990, 2026)}",
                f"{n(1, 999)} 000 рублей",
                f"{n(1, 99)} {n(100, 999)} 000 драм",
                f"дом {n(1, 199)}, квартира {n(1, 400)}",
                f"в {n(0, 23)}:{n(0, 59):02}",
                f"приказ № {n(100, 99_999)}",
                f"{n(1, 9)},{n(1, 9)} месяца",
                f"часть {n(10_000, 99_999)}",
                f"{n(1, 20)} человек",
            )
        )

    texts = [" ".join(number() for _ in range(12)) for _ in range(500)]
    assert sum(bool(found_in(text)) for text in texts) <= 5


@given(st.text(max_size=200))
def test_any_text_is_read_and_what_is_found_is_never_part_of_it(text: str) -> None:
    assert set(found_in(text)) <= set(Sensitive)


@pytest.mark.parametrize(
    "piece",
    ["1 2 3 4 5 6 7 8 9 0 ", "1", "+7916123", "(", "(1", "a@", "a.", "123 456 7890 ", "4111 ", "паспорт "],
)
def test_no_text_holds_others_up(piece: str) -> None:
    found_in("+7")  # whatever is loaded once
    text = (piece * MAX_TEXT_BYTES)[:MAX_TEXT_BYTES]
    started = process_time()
    found_in(text)
    assert process_time() - started < 10.0  # seconds of CPU: a pattern that runs away takes hours
