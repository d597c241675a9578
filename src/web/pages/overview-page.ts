// The status page as HTML: a whole document.
import { formatDuration } from '../../base/format-duration.ts';
import { escapeToOneLine } from '../../base/terminal-text.ts';
import { PHASES } from '../../daemon/status/status-row.ts';
import { documentOf, moment, shownOwner, type Site } from './page-frame.ts';
import { html, type Html } from './html.ts';
import { overviewParts } from './overview-parts.ts';
import type { Filter, Overview } from './read-overview.ts';
import { RANGES, type Plots, type Range } from './plot-series.ts';
import { queryOf, type Shown } from './status-tables.ts';

export function overviewPage(site: Site, seen: Overview, plots: Plots, { filter, range }: Shown): string {
  const parts = overviewParts(site, { filter, range }, seen);
  const { queue, owner, phase, text } = filter;
  const isFiltered = [queue, owner, phase, text].some((value) => value !== '');
  return documentOf(
    site,
    'Slurm tasks',
    html`<header>
        <h1>Slurm tasks</h1>
        <div id="health" role="status">${parts['health']}</div>
      </header>
      <main>
        <section aria-labelledby="queues-title">
          <h2 id="queues-title">Queues</h2>
          <div id="queues">${parts['queues']}</div>
        </section>
        <section aria-labelledby="tasks-title">
          <h2 id="tasks-title">Active tasks</h2>
          ${filterForm(filter, range, seen, isFiltered)}
          <div id="tasks">${parts['tasks']}</div>
        </section>
        <section aria-labelledby="ended-title">
          <h2 id="ended-title">Ended lately</h2>
          <div id="ended">${parts['ended']}</div>
        </section>
        <section aria-labelledby="plots-title">
          <h2 id="plots-title">Last ${RANGES[range].title}</h2>
          <nav class="ranges" aria-label="Time range">
            ${Object.entries(RANGES).map(
              ([name, { title }]) =>
                html`<a href="${queryOf(filter, range, { range: name as Range })}" ${name === range && CURRENT}
                  >${title}</a
                >`,
            )}
          </nav>
          <div id="plots" class="plots" data-range="${range}">
            ${plots.plots.map((plot) => plotFigure(plot, plots.times))}
          </div>
        </section>
      </main>`,
  );
}

const CURRENT = html`aria-current="page"`;

function filterForm(filter: Filter, range: Range, { queues, owners }: Overview, isFiltered: boolean): Html {
  const names = queues.map(({ queue }) => queue);
  const states = PHASES.filter((phase) => phase !== 'waiting');
  return html`<form class="filter" method="get" action="/">
    ${choice('queue', 'Queue', names, filter.queue)} ${choice('owner', 'Owner', owners, filter.owner, shownOwner)}
    ${choice('state', 'State', states, filter.phase)}
    <label>Search <input type="search" name="q" value="${filter.text}" placeholder="name, id or job" /></label>
    ${range !== '24h' && html`<input type="hidden" name="range" value="${range}" />`}
    <button>Filter</button>
    ${isFiltered && html`<a href="/">Show all</a>`}
  </form>`;
}

const SELECTED = html`selected`;

/** @param selected of the filter; empty: none */
function choice(
  name: string,
  title: string,
  texts: readonly string[],
  selected: string,
  show = (text: string): string => text,
): Html {
  const values = new Map(texts.map((text) => [escapeToOneLine(text), show(text)]));
  if (selected !== '' && !values.has(selected)) values.set(selected, show(selected));
  return html`<label
    >${title}
    <select name="${name}">
      <option value="">all</option>
      ${[...values].map(
        ([value, text]) => html`<option value="${value}" ${value === selected && SELECTED}>${text}</option>`,
      )}
    </select></label
  >`;
}

const HIDDEN = html`hidden`;

function plotFigure({ id, title, unit, series }: Plots['plots'][number], times: readonly number[]): Html {
  const isEmpty = series.every(({ values }) => values.every((value) => value === null || value === 0));
  return html`<figure>
    <figcaption id="plot-${id}">${title}</figcaption>
    <div class="plot" data-plot="${id}"></div>
    <p class="empty" ${!isEmpty && HIDDEN}>No data for this time.</p>
    <details>
      <summary>Table: ${title.toLowerCase()}</summary>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="plot-${id}">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Until</th>
              ${series.map(({ name }) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${times.map(
              (at, index) =>
                html`<tr>
                  <th scope="row">${moment(at * 1000)}</th>
                  ${series.map(({ values }) => html`<td>${cell(values[index], unit)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

function cell(value: number | null | undefined, unit: 'tasks' | 'seconds'): string {
  if (value === null || value === undefined) return '–';
  return unit === 'seconds' ? formatDuration(value * 1000) : String(value);
}
