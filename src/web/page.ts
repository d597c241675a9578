// The status page as HTML: a whole document, and its parts, which the page replaces when they change.
import { formatDuration } from '../base/format-duration.ts';
import { PHASES, type Phase } from '../daemon/status/status-row.ts';
import { staleAfterMs } from '../daemon/monitor/health.ts';
import { visibleText } from '../base/terminal-text.ts';
import { clearmlUrl, documentOf, moment, shownName, shownOwner, type Site } from './document.ts';
import { html, type Html } from './html.ts';
import type { EndedLine, Filter, Overview, QueueSummary, TaskLine } from './overview.ts';
import { RANGES, type Plots, type Range } from './plots.ts';

/** The elements that are replaced when they change, by their ids. */
export type Parts = Readonly<Record<string, Html>>;

/** The query of this filter, with changes. */
export function queryOf(filter: Filter, range: Range, changes: Partial<Filter & { range: Range }> = {}): string {
  const { queue, owner, phase, text, page, range: wanted } = { ...filter, range, ...changes };
  const given: readonly (readonly [string, string])[] = [
    ['queue', queue],
    ['owner', owner],
    ['state', phase],
    ['q', text],
    ['page', page === 1 ? '' : String(page)],
    ['range', wanted === '24h' ? '' : wanted],
  ];
  const query = new URLSearchParams();
  for (const [name, value] of given) if (value !== '') query.set(name, value);
  return query.size === 0 ? '/' : `/?${query.toString()}`;
}

export function overviewPage(site: Site, seen: Overview, plots: Plots, { filter, range }: Shown): string {
  const parts = overviewParts(site, seen, { filter, range });
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
        <section aria-labelledby="tasks-title">
          <h2 id="tasks-title">Active tasks</h2>
          ${filterForm(filter, range, seen, isFiltered)}
          <div id="tasks">${parts['tasks']}</div>
        </section>
        <section aria-labelledby="ended-title">
          <h2 id="ended-title">Ended lately</h2>
          <div id="ended">${parts['ended']}</div>
        </section>
      </main>`,
  );
}

const CURRENT = html`aria-current="page"`;

export interface Shown {
  readonly filter: Filter;
  readonly range: Range;
}

export function overviewParts(site: Site, seen: Overview, shown: Shown): Parts {
  return {
    health: healthPart(seen),
    queues: queuesPart(seen.queues, shown),
    tasks: tasksPart(site, seen, shown),
    ended: endedPart(seen.ended),
  };
}

function healthPart({ clusters }: Overview): Html {
  if (clusters.length === 0) return html`<p class="badge bad">Starting</p>`;
  return html`${clusters.map((cluster) => {
    const { isReady, problems, label, tracked, passOkAt, clearmlOkAt, slurmOkAt } = cluster;
    const isWell = isReady && problems.length === 0;
    return html`<div class="cluster">
      <p>
        <span class="badge ${isWell ? 'good' : isReady ? 'doubtful' : 'bad'}"
          >${isWell ? 'Ready' : isReady ? 'Ready, with a problem' : 'Not ready'}</span
        >
        <strong>${label}</strong>
        <span class="facts"
          >${tracked} tracked · last poll ${moment(passOkAt)} · ClearML ${moment(clearmlOkAt)} · Slurm
          ${moment(slurmOkAt)}</span
        >
      </p>
      ${
        problems.length > 0 &&
        html`<ul class="problems">
          ${problems.map((problem) => html`<li>${problem}</li>`)}
        </ul>`
      }
      ${!isReady && html`<p class="hint">A poll counts as old after ${formatDuration(staleAfterMs(cluster))}.</p>`}
    </div>`;
  })}`;
}

const SHOWN_PHASES = ['waiting', 'claimed', 'pending', 'running'] as const satisfies readonly Phase[];

function queuesPart(queues: readonly QueueSummary[], { filter, range }: Shown): Html {
  const most = Math.max(1, ...queues.map(({ phases }) => SHOWN_PHASES.reduce((sum, phase) => sum + phases[phase], 0)));
  return html`<table class="numbers">
    <thead>
      <tr>
        <th scope="col">Queue</th>
        <th scope="col">Waiting</th>
        <th scope="col" class="minor">Claimed</th>
        <th scope="col">In Slurm</th>
        <th scope="col">Running</th>
        <th scope="col" class="wide"><span class="unseen">Share</span></th>
        <th scope="col">Median wait, 24 h</th>
        <th scope="col">Completed, 24 h</th>
        <th scope="col" class="minor">Other ends, 24 h</th>
      </tr>
    </thead>
    <tbody>
      ${queues.map(
        ({ queue, phases, medianWaitSec, completed, otherEnds }) =>
          html`<tr>
            <th scope="row"><a href="${queryOf(filter, range, { queue, page: 1 })}">${queue}</a></th>
            <td>${phases.waiting}</td>
            <td class="minor">${phases.claimed + phases.submitting}</td>
            <td>${phases.pending}</td>
            <td>${phases.running}</td>
            <td class="wide">${shareBar(phases, most)}</td>
            <td>${medianWaitSec === undefined ? '–' : formatDuration(medianWaitSec * 1000)}</td>
            <td>${completed}</td>
            <td class="minor">${otherEnds}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const BAR_WIDTH = 160;

/** The same numbers as the cells beside it, so it is hidden from screen readers. */
function shareBar(phases: Readonly<Record<Phase, number>>, most: number): Html {
  const order = ['running', 'pending', 'claimed', 'waiting'] as const satisfies readonly Phase[];
  let x = 0;
  const bars = order.map((phase) => {
    const width = Math.round((phases[phase] / most) * BAR_WIDTH * 10) / 10;
    const bar = html`<rect class="${phase}" x="${x}" width="${width}" height="10"></rect>`;
    x += width;
    return bar;
  });
  return html`<svg class="share" viewBox="0 0 ${BAR_WIDTH} 10" width="${BAR_WIDTH}" height="10" aria-hidden="true">
    ${bars}
  </svg>`;
}

function filterForm(filter: Filter, range: Range, { queues, owners }: Overview, isFiltered: boolean): Html {
  const names = [...new Set([...queues.map(({ queue }) => queue), ...(filter.queue === '' ? [] : [filter.queue])])];
  const people = [...new Set([...owners, ...(filter.owner === '' ? [] : [filter.owner])])];
  const states = PHASES.filter((phase) => phase !== 'waiting');
  return html`<form class="filter" method="get" action="/">
    ${choice('queue', 'Queue', names, filter.queue)} ${choice('owner', 'Owner', people, filter.owner)}
    ${choice('state', 'State', states, filter.phase)}
    <label>Search <input type="search" name="q" value="${filter.text}" placeholder="name, id or job" /></label>
    ${range !== '24h' && html`<input type="hidden" name="range" value="${range}" />`}
    <button>Filter</button>
    ${isFiltered && html`<a href="/">Show all</a>`}
  </form>`;
}

const SELECTED = html`selected`;

function choice(name: string, title: string, values: readonly string[], selected: string): Html {
  return html`<label
    >${title}
    <select name="${name}">
      <option value="">all</option>
      ${values.map((value) => html`<option value="${value}" ${value === selected && SELECTED}>${value}</option>`)}
    </select></label
  >`;
}

function tasksPart(site: Site, { tasks, taskCount, pages }: Overview, { filter, range }: Shown): Html {
  if (taskCount === 0) return html`<p class="empty">No active task.</p>`;
  return html`<table class="list">
      <thead>
        <tr>
          ${heads(['Task', 'Owner', 'Queue', 'Job', 'State', 'Why', 'Expected start', 'Since'])}
        </tr>
      </thead>
      <tbody>
        ${tasks.map((task) => taskRow(site, task))}
      </tbody>
    </table>
    ${pages > 1 && pager(filter, range, pages, taskCount)}`;
}

/** The heads of a table's columns. */
function heads(titles: readonly string[]): readonly Html[] {
  return titles.map((title) => html`<th scope="col">${title}</th>`);
}

/** An explanation as a sentence. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function taskRow(site: Site, row: TaskLine): Html {
  const { task, name, owner, queue, job, state, phase, why, startsAt, since, nodes } = row;
  const url = clearmlUrl(site, task);
  const shown = shownName(name, task);
  return html`<tr>
    <th scope="row">
      <a href="/task/${encodeURIComponent(task)}">${shown}</a>
      ${url !== undefined && html`<a class="out" href="${url}" title="in ClearML" aria-label="${shown} in ClearML">↗</a>`}
    </th>
    <td data-label="Owner">${shownOwner(owner)}</td>
    <td data-label="Queue">${queue ?? '–'}</td>
    <td data-label="Job">${job ?? '–'}</td>
    <td data-label="State"><span class="state ${phase}">${state}</span>${nodes !== undefined && html` ${nodes}`}</td>
    <td data-label="Why" class="why">${sentence(why)}</td>
    <td data-label="Expected start">${moment(startsAt)}</td>
    <td data-label="Since">${moment(since)}</td>
  </tr>`;
}

function pager(filter: Filter, range: Range, pages: number, count: number): Html {
  const page = Math.min(filter.page, pages);
  return html`<nav class="pager" aria-label="Pages">
    ${page > 1 && html`<a rel="prev" href="${queryOf(filter, range, { page: page - 1 })}">Previous</a>`}
    <span>Page ${page} of ${pages} · ${count} tasks</span>
    ${page < pages && html`<a rel="next" href="${queryOf(filter, range, { page: page + 1 })}">Next</a>`}
  </nav>`;
}

function endedPart(ended: readonly EndedLine[]): Html {
  if (ended.length === 0) return html`<p class="empty">No task has ended in the last 30 days.</p>`;
  return html`<table class="list">
    <thead>
      <tr>
        ${heads(['Task', 'Owner', 'Queue', 'Job', 'End', 'Why', 'When'])}
      </tr>
    </thead>
    <tbody>
      ${ended.map(({ attempt, name, why }) => {
        const { task, userName, queue, job, cause, endedAt, recordedAt } = attempt;
        return html`<tr>
          <th scope="row"><a href="/task/${encodeURIComponent(task)}">${shownName(name, task)}</a></th>
          <td data-label="Owner">${shownOwner(userName)}</td>
          <td data-label="Queue">${queue}</td>
          <td data-label="Job">${job ?? '–'}</td>
          <td data-label="End"><span class="state ${endClass(cause)}">${cause}</span></td>
          <td data-label="Why" class="why">${visibleText(why.replaceAll(/\s+/g, ' '))}</td>
          <td data-label="When">${moment(endedAt ?? recordedAt)}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function endClass(cause: string): string {
  if (cause === 'completed') return 'good';
  return ['aborted', 'withdrawn', 'cancelled'].includes(cause) ? 'quiet' : 'bad';
}

function plotFigure({ id, title, unit, series }: Plots['plots'][number], times: readonly number[]): Html {
  const isEmpty = series.every(({ values }) => values.every((value) => value === null || value === 0));
  return html`<figure>
    <figcaption id="plot-${id}">${title}</figcaption>
    <div class="plot" data-plot="${id}"></div>
    ${isEmpty && html`<p class="empty">Nothing in this time.</p>`}
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
