"""The report as a single HTML file without scripts."""

from collections.abc import Iterator
from datetime import UTC
from html import escape
from itertools import islice
from string import Template

from sentiment.labels import colours_of, in_order
from sentiment.report.charts import REST, draw
from sentiment.report.figures import KEPT_CHARS, OTHERS, Figures
from sentiment.screen import excerpt
from sentiment.words import counted

MINUTE = "%Y-%m-%d %H:%M"
OWN_COLOURS = 8  # labels with a colour of their own in the charts
SHOWN_CHARS = KEPT_CHARS // 2  # its spaces may take room

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: .5rem 0 }
.side-by-side { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)) }
figure { margin: 0 } figcaption { font-weight: 600; margin-bottom: .25rem }
svg { display: block; height: auto; width: 100% } svg text { font-family: inherit !important }
table { border-collapse: collapse; margin-bottom: 1.5rem } th, td { padding: .2rem 1rem .2rem 0; text-align: right }
th:first-child, td:first-child { text-align: left }
b { align-items: baseline; display: inline-flex; font-weight: inherit; gap: .5em; overflow-wrap: anywhere }
i { border-radius: 2px; flex: none; height: .8em; width: .8em }
ol { list-style: none; margin: 0; padding: 0 } li { margin-bottom: .8rem; overflow-wrap: anywhere } li p { margin: 0 }
small { opacity: .75 }
</style>
<h1>$title</h1>
$labels
<div class="side-by-side">$charts</div>
<h2>Texts with the highest scores</h2>
<div class="side-by-side">$decided</div>
<p><small>$account</small></p>
</html>
""")


def page(figures: Figures, table_name: str) -> str:
    """The page's HTML."""
    frequent = (label for label, _ in figures.labels.most_common() if label != OTHERS)
    own = colours_of(islice(frequent, OWN_COLOURS))
    begin, end = (f"{moment:{MINUTE}}" for moment in (figures.span.begin, figures.span.end))
    return PAGE.substitute(
        title=f"Sentiment, {begin} to {end} UTC",
        labels="".join(_labels(figures, own)),
        charts="".join(_charts(figures, own)) if figures.labels else "",
        decided="".join(_decided(figures, own)),
        account=_shown(account(figures, table_name)),
    )


def account(figures: Figures, table_name: str) -> str:
    """Accounts for every item read."""
    return (
        f"{counted(figures.read, 'item')} of {table_name} read: {counted(figures.labels.total(), 'result')} in this "
        f"period, {figures.earlier:,} earlier, {figures.expired:,} expired, {figures.unreadable:,} without a label, a "
        f"score of 0 to 1 or a date. Times are in UTC, and are those at which the texts were sent. The last "
        f"{figures.span.bucket} is incomplete."
    )


def _labels(figures: Figures, own: dict[str, str]) -> Iterator[str]:
    if not (total := figures.labels.total()):
        yield "<p>No results in this period.</p>"
        return
    yield "<table><tr><th>Label<th>Results<th>Share<th>Mean score"
    for label in in_order(figures.labels):
        count = figures.labels[label]
        cells = f"{count:,}", f"{count / total:.1%}", f"{figures.mean(label):.3f}"
        yield f"<tr><td>{_mark(label, own)}<td>{'<td>'.join(cells)}"
    yield f"<tr><td>All<td>{total:,}<td><td></table>"


def _charts(figures: Figures, own: dict[str, str]) -> Iterator[str]:
    for title, drawing in draw(figures, own).items():
        yield f"<figure><figcaption>{title}</figcaption>{drawing}</figure>"


def _decided(figures: Figures, own: dict[str, str]) -> Iterator[str]:
    for label in in_order(figures.decided):
        yield f"<section><h3>{_mark(label, own)}</h3><ol>"
        for each in sorted(figures.decided[label], reverse=True):
            text = f'<p dir="auto">{_shown(each.text)}</p>' if each.text else ""
            sent = f"{each.sent_at.astimezone(UTC):{MINUTE}}"
            yield f"<li>{text}<small>{each.score:.3f} · {sent} · {_shown(each.id)}</small>"
        yield "</ol></section>"


def _mark(label: str, own: dict[str, str]) -> str:
    return f'<b><i style="background: {own.get(label, REST)}"></i><span>{_shown(label)}</span></b>'


def _shown(text: str) -> str:
    """Untrusted text on one line, without markup, control characters or bidirectional overrides."""
    return escape(str(excerpt(text, SHOWN_CHARS)))
