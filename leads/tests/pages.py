"""Reads the main form of an admin page the way a browser would send it."""

from html.parser import HTMLParser


def fields(page):
    """Return what the page's form would post if nobody touched it, without its buttons."""
    reader = _Form()
    reader.feed(page.content.decode())
    return reader.data


class _Form(HTMLParser):
    def __init__(self):
        super().__init__()
        self.data: dict = {}
        self._inside = False
        self._select = self._textarea = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self._inside = (attrs.get("id") or "").endswith("_form")
        elif self._inside:
            self._field(tag, attrs)

    def _field(self, tag, attrs):
        name = attrs.get("name")
        if tag == "input" and attrs.get("type") in ("checkbox", "radio"):
            if "checked" in attrs:
                self.data.setdefault(name, []).append(attrs.get("value", "on"))
        elif tag == "input" and attrs.get("type") != "submit":
            self.data[name] = attrs.get("value") or ""
        elif tag == "select" and name:
            self._select = name
            self.data[name] = [] if "multiple" in attrs else None
        elif tag == "option" and self._select:  # those of a datalist are only offered
            self._option(attrs)
        elif tag == "textarea":
            self._textarea = name
            self.data[name] = ""

    def _option(self, attrs):
        chosen = self.data[self._select]
        if isinstance(chosen, list):
            chosen.extend([attrs["value"]] if "selected" in attrs else [])
        elif "selected" in attrs or chosen is None:  # where none is selected, the first one is
            self.data[self._select] = attrs["value"]

    def handle_data(self, data):
        if self._textarea:
            self.data[self._textarea] += data.removeprefix("\n")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._textarea = None
        elif tag == "select" and self._select:
            if self.data[self._select] is None:  # nothing to choose from
                del self.data[self._select]
            self._select = None
        elif tag == "form":
            self._inside = False


def add_row(data, prefix, **values):
    """Fill in one more inline row."""
    number = int(data[f"{prefix}-TOTAL_FORMS"])
    data[f"{prefix}-TOTAL_FORMS"] = number + 1
    data |= {f"{prefix}-{number}-{name}": value for name, value in values.items()}
    return number
