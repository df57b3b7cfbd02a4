"""Plain data written as the text of a configuration file."""

import yaml

HEAD = "# The configuration of Handoff; docs/configuration.md describes it.\n"
_WIDTH = 100


class Line(dict):
    """A mapping that is written on one line."""


class Inline(list):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)  # lists stand to the right of their key

    def ignore_aliases(self, data):
        return True


def _in_line(tag):
    def represent(dumper, data):
        if isinstance(data, dict):
            return dumper.represent_mapping(tag, data, flow_style=True)
        return dumper.represent_sequence(tag, data, flow_style=True)

    return represent


_Dumper.add_representer(Line, _in_line("tag:yaml.org,2002:map"))
_Dumper.add_representer(Inline, _in_line("tag:yaml.org,2002:seq"))


def text_of(sections):
    """Return the text of a file with these `{key: data}`; the same for the same data."""
    return HEAD + "".join(
        "\n" * (number > 0) + _dumped({key: data})
        for number, (key, data) in enumerate(sections.items())
    )


def _dumped(data):
    return yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=_WIDTH,
    )
