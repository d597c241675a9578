// The parts of the status page, which an open page replaces when they change.
import { rememberLast } from '../../base/remember-last.ts';
import { type Html, html } from './html.ts';
import { type Site, moment } from './page-frame.ts';
import type { QueueSummary } from './queue-summaries.ts';
import type { Overview, TaskLine, ClusterSummary } from './read-overview.ts';
import { endedPart, queuesPart, tasksPart, type Shown } from './status-tables.ts';
import { formatDuration } from '../../base/format-duration.ts';
import { describeUse } from '../../daemon/claim/report-limit-use.ts';
import { explainPause, PAUSES_UNREADABLE } from '../../daemon/console/console-messages.ts';
import { staleAfterMs } from '../../daemon/monitor/decide-readiness.ts';
import type { Phase } from '../../daemon/status/status-row.ts';

/** The elements that are replaced, by their ids. */
export type Parts = Readonly<Record<string, Html>>;

export function overviewParts(site: Site, shown: Shown, seen: Overview): Parts {
  return createPartsRenderer(site, shown)(seen);
}

/** Returns a function that renders the parts again and again, each of them only if what it shows has changed. */
export function createPartsRenderer(site: Site, shown: Shown): (seen: Overview) => Parts {
  const queues = rememberLast((...all: readonly QueueSummary[]) => queuesPart(all, shown));
  const tasks = rememberLast((taskCount: number, pages: number, ...lines: readonly TaskLine[]) =>
    tasksPart(site, { taskCount, pages, tasks: lines }, shown),
  );
  const ended = rememberLast(endedPart);
  return (seen) => ({
    // Its times change with each poll.
    health: healthPart(seen),
    queues: queues(...seen.queues),
    tasks: tasks(seen.taskCount, seen.pages, ...seen.tasks),
    ended: ended(seen.ended),
  });
}

/** First of all whether all clusters are served, then what each of them needs. */
function healthPart({ clusters, queues }: Overview): Html {
  if (clusters.length === 0) return html`<p class="answer"><span class="badge bad">Starting</span></p>`;
  const states = clusters.map(stateOf);
  const worst = STATES.find((state) => states.includes(state)) ?? 'ready';
  const sum = (phase: Phase): number => queues.reduce((total, { phases }) => total + phases[phase], 0);
  return html`<p class="answer">
      <span class="badge ${ANSWERS[worst].look}">${ANSWERS[worst].text}</span>
      <span class="facts"
        >${sum('running')} running · ${sum('pending')} in Slurm · ${sum('waiting')} waiting in ClearML</span
      >
    </p>
    ${clusters.map(clusterLine)}`;
}

/** The worst first. */
const STATES = ['not ready', 'doubtful', 'paused', 'ready'] as const;
const ANSWERS: Readonly<Record<(typeof STATES)[number], { readonly text: string; readonly look: string }>> = {
  'not ready': { text: 'Not ready', look: 'bad' },
  doubtful: { text: 'Ready, with a problem', look: 'doubtful' },
  paused: { text: 'Paused', look: 'doubtful' },
  ready: { text: 'Ready', look: 'good' },
};

function stateOf({ isReady, problems, arePausesUnreadable, pause }: ClusterSummary): (typeof STATES)[number] {
  if (!isReady) return 'not ready';
  if (problems.length > 0 || arePausesUnreadable) return 'doubtful';
  return pause === undefined ? 'ready' : 'paused';
}

function clusterLine(cluster: ClusterSummary, _index: number, all: readonly ClusterSummary[]): Html {
  const { isReady, problems, label, tracked, passOkAt, clearmlOkAt, slurmOkAt, limits, pause, backoffUntil } = cluster;
  const shown = [...problems, ...(cluster.arePausesUnreadable ? [PAUSES_UNREADABLE] : [])];
  const state = ANSWERS[stateOf(cluster)];
  return html`<div class="cluster">
    <p>
      ${all.length > 1 && html`<span class="badge ${state.look}">${state.text}</span>`}
      <strong>${label}</strong>
      <span class="facts"
        >${tracked} tracked · last poll ${moment(passOkAt)} · ClearML ${moment(clearmlOkAt)} · Slurm
        ${moment(slurmOkAt)}${limits.map((use) => html` · ${describeUse(use)}`)}</span
      >
    </p>
    ${
      shown.length > 0 &&
      html`<ul class="problems">
        ${shown.map((problem) => html`<li>${problem}</li>`)}
      </ul>`
    }
    ${pause !== undefined && html`<p class="note">${explainPause(pause)}</p>`}
    ${
      backoffUntil !== undefined &&
      html`<p class="note">
        The cluster accepts no more jobs; the next task is claimed ${moment(backoffUntil)}, or after the end of a job.
      </p>`
    }
    ${!isReady && html`<p class="hint">A poll counts as old after ${formatDuration(staleAfterMs(cluster))}.</p>`}
  </div>`;
}
