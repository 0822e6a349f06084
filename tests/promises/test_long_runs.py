"""The long runs can be cut short and taken up again, and nothing counts as done for other code."""

from __future__ import annotations

from pathlib import Path

from tests.promises.long_runs import CODE, Part, done, fingerprint, parts, run


def counting(name: str, log: Path, *, fails: bool = False) -> Part:
    """A part that says in a file that it was run."""
    code = f"import sys; open({str(log)!r}, 'a').write({name + ' '!r}); sys.exit({int(fails)})"
    script = log.parent / f"part_{name}.py"
    script.write_text(code)
    # Written twice within a second and of one size, a script would be taken for its compiled earlier self.
    environment = {"PYTHONPATH": str(log.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return Part(name, (f"part_{name}",), environment)


def test_what_was_done_is_not_done_again_and_what_failed_is(tmp_path: Path) -> None:
    log, state = tmp_path / "log", tmp_path / "state.json"
    wanted = [counting("a", log), counting("b", log, fails=True), counting("c", log)]
    assert run(wanted, state, "code") == ["b"]
    assert log.read_text().split() == ["a", "b", "c"]
    assert run([wanted[0], counting("b", log), wanted[2]], state, "code") == []
    assert log.read_text().split() == ["a", "b", "c", "b"]
    assert set(done(state, "code")) == {"a", "b", "c"}


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(tmp_path: Path) -> None:
    log, state = tmp_path / "log", tmp_path / "state.json"
    run([counting("a", log)], state, "code")  # and then somebody pulled the plug
    run([counting("a", log), counting("b", log)], state, "code")
    assert log.read_text().split() == ["a", "b"]


def test_other_code_has_everything_before_it(tmp_path: Path) -> None:
    log, state = tmp_path / "log", tmp_path / "state.json"
    run([counting("a", log)], state, "code")
    assert done(state, "other code") == {}
    state.write_text("{half of it")
    assert done(state, "code") == {}


def test_any_change_of_the_code_is_noticed(tmp_path: Path) -> None:
    for folder in CODE:
        (tmp_path / folder).mkdir()
    (tmp_path / "requirements-dev.lock").touch()
    (tmp_path / "bot" / "a.py").write_text("1")
    seen = {fingerprint(tmp_path)}
    (tmp_path / "bot" / "a.py").write_text("2")
    seen.add(fingerprint(tmp_path))
    (tmp_path / "bot" / "a.py").rename(tmp_path / "bot" / "b.py")
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 3


def test_the_long_runs_are_what_was_promised() -> None:
    updates = [int(part.command[2]) for part in parts() if part.command[0] == "tests.hell"]
    assert sum(updates) == 100_000
    assert len({part.command for part in parts()}) == len(parts())
    assert any("FULL" in part.environment for part in parts())
