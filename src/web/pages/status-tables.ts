// The tables of the status page as HTML: queues, active tasks, and ended tasks.
import { formatDuration } from '../../base/format-duration.ts';
import { visibleLine, capitalized } from '../../base/terminal-text.ts';
import { describeUse } from '../../daemon/claim/report-limit-use.ts';
import type { QueueHolds } from '../../daemon/claim/hold-reasons.ts';
import { describeHoldReason, explainPause, formatTime } from '../../daemon/console/console-messages.ts';
import type { Phase } from '../../daemon/status/status-row.ts';
import { clearmlUrl, moment, shownName, shownOwner, type Site } from './page-frame.ts';
import { html, type Html } from './html.ts';
import type { EndedLine, Filter, Overview, TaskLine } from './read-overview.ts';
import type { QueueSummary } from './queue-summaries.ts';
import type { Range } from './plot-series.ts';

export interface Shown {
  readonly filter: Filter;
  readonly range: Range;
}

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

const SHOWN_PHASES = ['waiting', 'claimed', 'pending', 'running'] as const satisfies readonly Phase[];

export function queuesPart(queues: readonly QueueSummary[], { filter, range }: Shown): Html {
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
        ({ queue, phases, medianWaitSec, completed, otherEnds, holds }) =>
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
            </tr>
            ${holdsOf(holds).map(
              (note) =>
                html`<tr class="note">
                  <td colspan="9">${note}</td>
                </tr>`,
            )}`,
      )}
    </tbody>
  </table>`;
}

/** The limits of a queue, its pause, and how many of its tasks each of them holds. */
function holdsOf(holds: QueueHolds | undefined): string[] {
  if (holds === undefined) return [];
  const { limits, pause, refusedUntil, held } = holds;
  return [
    // The pause of the whole cluster is shown above all queues.
    ...(typeof pause?.queue === 'string' ? [explainPause(pause)] : []),
    ...(refusedUntil === undefined
      ? []
      : [`Slurm accepts no more jobs of this queue now; the next task is claimed around ${formatTime(refusedUntil)}.`]),
    ...(limits.length === 0 ? [] : [`${limits.map(describeUse).join(', ')}.`]),
    ...held.flatMap(({ why, tasks }) =>
      why.kind === 'pause'
        ? []
        : [`${tasks === 1 ? '1 task waits' : `${tasks} tasks wait`}: ${describeHoldReason(why)}.`],
    ),
  ];
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

export function tasksPart(
  site: Site,
  { tasks, taskCount, pages }: Pick<Overview, 'tasks' | 'taskCount' | 'pages'>,
  { filter, range }: Shown,
): Html {
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
    <td data-label="Why" class="why">${capitalized(why)}</td>
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

export function endedPart(ended: readonly EndedLine[]): Html {
  if (ended.length === 0) return html`<p class="empty">No task has ended in the last 30 days.</p>`;
  return html`<table class="list">
    <thead>
      <tr>
        ${heads(['Task', 'Owner', 'Queue', 'Job', 'End', 'Why', 'When'])}
      </tr>
    </thead>
    <tbody>
      ${ended.map(({ attempt, name, why }) => {
        const { task, userName, queue, job, cause, endedAt } = attempt;
        return html`<tr>
          <th scope="row"><a href="/task/${encodeURIComponent(task)}">${shownName(name, task)}</a></th>
          <td data-label="Owner">${shownOwner(userName)}</td>
          <td data-label="Queue">${queue}</td>
          <td data-label="Job">${job ?? '–'}</td>
          <td data-label="End"><span class="state ${endClass(cause)}">${cause}</span></td>
          <td data-label="Why" class="why">${visibleLine(why)}</td>
          <td data-label="When">${moment(endedAt)}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function endClass(cause: string): string {
  if (cause === 'completed') return 'good';
  return ['aborted', 'withdrawn', 'cancelled'].includes(cause) ? 'quiet' : 'bad';
}
