"""The template's dashboards, as CloudWatch would read them: the body is JSON, widgets lie within the grid and not over each
other, and what is shown of Nightshift is counted by the function that it is shown of. `dashboards.py TEMPLATE`; says nothing
where it is well."""

import json
import pathlib
import re
import sys

from samtranslator.yaml_helper import yaml_parse

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
COLUMNS = 24


def body(resource):
    """The body as it is after deployment, names standing for what they refer to."""
    text = resource["Properties"]["DashboardBody"]["Fn::Sub"]
    text = re.sub(r"\$\{([A-Za-z:.]+)\}", lambda found: found[1].replace("::", "-"), text)
    return json.loads(text.replace("${!", "${"))


def metrics(widget):
    """Namespace, name, dimensions of each metric; `.` repeats what stands above it."""
    above = []
    for row in widget["properties"].get("metrics", []):
        fields = [field for field in row if isinstance(field, str)]
        if not fields:
            yield None, row[0]["expression"], {}
            continue
        fields = [above[at] if field == "." else field for at, field in enumerate(fields)]
        above = fields
        yield fields[0], fields[1], dict(zip(fields[2::2], fields[3::2]))


def problems(widgets, sources):
    taken = set()
    for widget in widgets:
        if widget["type"] == "metric":
            properties = widget["properties"]
            if not properties.get("region") or not properties.get("title") or not properties.get("metrics"):
                yield f"a widget without region, title or metrics: {properties}"
        cells = {(x, y) for x in range(widget["x"], widget["x"] + widget["width"])
                 for y in range(widget["y"], widget["y"] + widget["height"])}
        if taken & cells or max(x for x, _ in cells) >= COLUMNS:
            yield f"a widget over another or off the grid: {widget}"
        taken |= cells
        for namespace, name, dimensions in metrics(widget):
            if namespace is None and not re.search(r"SEARCH\('\{[A-Za-z/]+(,[A-Za-z]+)+\} MetricName=\"\w+\".*', '\w+', \d+\)", name):
                yield f"an expression that finds nothing: {name}"
            elif namespace == "Nightshift":
                function = dimensions.get("Function", "")
                if list(dimensions) != ["Function"] or f'"{name}"' not in sources.get(function, ""):
                    yield f"{function or 'nobody'} counts no {name}"


def main(path):
    functions = [one for one in (path.parent.parent / "functions").iterdir() if (one / "src").is_dir()]
    sources = {one.name: "".join(file.read_text() for file in one.glob("src/**/*.rs")) for one in functions}
    resources = yaml_parse(path.read_text())["Resources"].values()
    found = [one for one in resources if one["Type"] == "AWS::CloudWatch::Dashboard"]
    wrong = [problem for one in found for problem in problems(body(one)["widgets"], sources)]
    print("\n".join(wrong or ([] if found else ["no dashboard"])), end="")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
