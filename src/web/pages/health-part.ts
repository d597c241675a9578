// The first part of the status page as HTML: whether all clusters are served, and what each of them needs.
import { formatDuration } from '../../base/format-duration.ts';
import { describeUse } from '../../daemon/claim/report-limit-use.ts';
import { explainPause, PAUSES_UNREADABLE } from '../../daemon/console/console-messages.ts';
import { staleAfterMs } from '../../daemon/monitor/decide-readiness.ts';
import type { Phase } from '../../daemon/status/status-row.ts';
import { moment } from './page-frame.ts';
import { html, type Html } from './html.ts';
import type { ClusterSummary, Overview } from './read-overview.ts';

/** First of all whether all clusters are served, then what each of them needs. */
export function healthPart({ clusters, queues }: Overview): Html {
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
