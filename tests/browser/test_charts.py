"""The last days as lines and as tables."""

from __future__ import annotations

from tests.browser.conftest import Operator
from tests.browser.seeds import history


def test_before_the_first_tick_the_charts_say_so(operator: Operator) -> None:
    operator.sign_in()
    assert "The first tick begins the history" in operator.page.css("#history").text


def test_a_tick_begins_the_history_and_the_charts_show_values(operator: Operator) -> None:
    page, steward = operator.page, operator.steward
    steward.harness.scheduled()
    operator.sign_in()
    page.css("#history canvas").first.wait()
    assert page.css("#history canvas").count >= 3
    unknown = str(operator.sample.violations()["no_unknown_source_type"])
    legend = page.css("#history .chart").having("Violations").css(".u-series").texts
    assert [text for text in legend if "no_unknown_source_type" in text and unknown in text]
    page.css("#history .chart").having("Violations").css("summary").click()
    table = page.css("#history .chart").having("Violations").css(".scroll").text
    assert unknown in table


def test_thirty_days_of_forty_types_are_lines_that_differ(operator: Operator) -> None:
    page = operator.page
    types = [f"type-{number}" for number in range(40)]
    history(operator.steward.harness, types)
    operator.sign_in()
    page.css("#history canvas").first.wait()
    chart = page.css("#history .chart").having("Rows by type")
    assert chart.css(".u-legend .u-series").count == 41
    chart.css("summary").click()
    assert chart.css(".scroll tbody tr").count == 30
    drawn = page.evaluate("""(() => { const canvas = document.querySelector("#history canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0); })()""")
    assert drawn
