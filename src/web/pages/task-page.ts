// The page of one task: its steps, and on request its script, the origin of each value, and the end of its job's log.
import { elapsedMs } from '../../base/past-time.ts';
import type { App } from '../../assembly/app.ts';
import type { ClusterMonitor } from '../../daemon/monitor/cluster-monitor.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import type { TaskSteps } from '../../daemon/monitor/task-steps.ts';
import type { DaemonDeps } from '../../daemon/deps.ts';
import { schedulerQueueOf } from '../../daemon/journal/entry.ts';
import { capitalized } from '../../base/terminal-text.ts';
import { renderTask } from '../../daemon/submit/render-job-script.ts';
import { isRecordOfTask } from '../../daemon/users/jobs-of-task.ts';
import { createConcurrencyLimit } from '../../base/concurrency-limit.ts';
import { formatJobName } from '../../slurm/job-name.ts';
import { cleanLogTail } from '../../daemon/console/log-lines.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import { TemplateError } from '../../sbatch-template/errors.ts';
import { formatOrigins } from '../../sbatch-template/placeholders/origins-table.ts';
import { html, type Html } from './html.ts';
import { clearmlUrl, documentOf, moment, shownName, shownOwner, type Site } from './page-frame.ts';

export interface TaskPages {
  /** undefined if the daemon does not know the task. @param show `script` or `log` */
  page(task: string, show: string | null): Promise<string | undefined>;
}

interface Found {
  readonly history: TaskSteps;
  readonly cluster: ClusterMonitor;
}

const LOG_LINES = 200;
/** A page that is loaded again and again must not call the server or Slurm each time. */
const CACHE_MS = 10_000;
const MAX_CACHED = 50;

export function createTaskPages(app: App, monitor: Monitor, site: Site, now: () => number): TaskPages {
  // Each takes a call of ClearML or Slurm, which the daemon needs itself.
  const slots = createConcurrencyLimit(1);
  const cache = new Map<string, { readonly at: number; readonly content: Html }>();

  function find(task: string): Found | undefined {
    for (const cluster of monitor.clusters()) {
      const history = cluster.histories.find(task);
      if (history !== undefined) return { history, cluster };
    }
    return undefined;
  }

  function cached(key: string, make: () => Promise<Html>): Promise<Html> {
    return slots.run(async () => {
      const known = cache.get(key);
      if (known !== undefined && elapsedMs(known.at, now()) < CACHE_MS) return known.content;
      const content = await make().catch((error: unknown) => failed(error));
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(key, { at: now(), content });
      return content;
    });
  }

  return {
    async page(task, show) {
      const found = find(task);
      if (found === undefined) return undefined;
      const { history, cluster } = found;
      const deps = cluster.deps();
      const redact = (text: string): string => app.secrets.redact(text);
      const shown =
        deps === undefined
          ? undefined
          : show === 'script'
            ? await cached(`script ${task}`, () => scriptOf(deps, history, redact))
            : show === 'log'
              ? await cached(`log ${task}`, () => logOf(deps, history))
              : undefined;
      return taskDocument(site, found, shown, show);
    },
  };
}

function failed(error: unknown): Html {
  return html`<p class="problem">
    The script or the log could not be read: ${error instanceof Error ? error.message : 'unknown error'}.
  </p>`;
}

function taskDocument(site: Site, { history, cluster }: Found, shown: Html | undefined, show: string | null): string {
  const { task, name, owner, queue, job, steps, end } = history;
  const row = cluster.state().rows.find((one) => one.task === task);
  const title = shownName(name, task);
  const url = clearmlUrl(site, task);
  const path = `/task/${encodeURIComponent(task)}`;
  return documentOf(
    site,
    title,
    html`<header>
        <p><a href="/">All tasks</a></p>
        <h1>${title}</h1>
      </header>
      <main>
        <dl class="facts">
          <dt>State</dt>
          <dd>
            ${end === undefined ? (row?.state ?? 'unknown') : end.cause}${row?.nodes !== undefined && html` on ${row.nodes}`}
          </dd>
          ${
            (row?.why ?? end?.why ?? '') !== '' &&
            html`<dt>Why</dt>
              <dd>${capitalized(row?.why ?? end?.why ?? '')}</dd>`
          }
          <dt>Queue</dt>
          <dd>${queue}</dd>
          <dt>Owner</dt>
          <dd>${shownOwner(owner)}</dd>
          <dt>Slurm job</dt>
          <dd>${job === undefined ? '–' : `${job} in cluster ${cluster.slurmName()}`}</dd>
          ${
            row?.startsAt !== undefined &&
            html`<dt>Expected start</dt>
              <dd>${moment(row.startsAt)}</dd>`
          }
          <dt>Task</dt>
          <dd>${url === undefined ? task : html`<a href="${url}">${task}</a> (opens ClearML)`}</dd>
        </dl>
        <section aria-labelledby="steps-title">
          <h2 id="steps-title">Steps</h2>
          <ol class="steps">
            ${steps.map(({ at, text }) => html`<li>${moment(at)} <span>${text}</span></li>`)}
          </ol>
        </section>
        <section aria-labelledby="more-title">
          <h2 id="more-title">Script and log</h2>
          <nav class="ranges" aria-label="Script and log">
            <a href="${path}?show=script" ${show === 'script' && CURRENT}>Script, as it is rendered now</a>
            <a href="${path}?show=log" ${show === 'log' && CURRENT}>End of the job's log</a>
          </nav>
          ${shown}
        </section>
      </main>`,
  );
}

const CURRENT = html`aria-current="page"`;

function block(title: string, text: string): Html {
  return html`<h3>${title}</h3>
    <pre tabindex="0" role="region" aria-label="${title}">${text}</pre>`;
}

/** From the task as it is now: after a change of the template or the task, the submitted script was another one. */
async function scriptOf(deps: DaemonDeps, history: TaskSteps, redact: (text: string) => string): Promise<Html> {
  const queue = deps.queues.find(({ name }) => name === history.queue);
  const read = await deps.clearml.tasks.get(history.task);
  if (queue === undefined) return html`<p class="problem">The daemon no longer serves this queue.</p>`;
  if (read === undefined) return html`<p class="problem">The task was deleted.</p>`;
  const entry = deps.journal.entries.get(history.task);
  const attempt = entry?.attempt ?? 'attempt';
  try {
    const rendered = await renderTask(deps, queue, read, {
      jobName: formatJobName(history.task, attempt),
      schedulerQueueId: schedulerQueueOf(deps, entry ?? {}),
    });
    if (rendered.kind === 'rejected')
      return html`<p class="problem">The task would not be submitted: ${rendered.reason}.</p>`;
    const { script, uses } = rendered;
    return html`<p>Template ${queue.template.file}</p>
      ${uses.length > 0 && block('Where each value comes from', redact(formatOrigins(uses)))}
      ${block('Script', redact(script))}`;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return html`<p class="problem">The script cannot be rendered: ${redact(error.message)}</p>`;
  }
}

async function logOf(deps: DaemonDeps, { task, job, identity }: TaskSteps): Promise<Html> {
  if (job === undefined) return html`<p class="problem">The task has no job yet.</p>`;
  const { attempt, unixUser: runAs } = identity;
  const name = attempt === undefined ? {} : { name: formatJobName(task, attempt) };
  const record = await deps.scheduler.record(job as JobId, { ...name, runAs });
  if (record === undefined || !isRecordOfTask(record, { task, ...identity }))
    return html`<p class="problem">Slurm no longer knows job ${job} of this task.</p>`;
  const log = await deps.jobLogs.read(record);
  if (log === undefined) return html`<p class="problem">Slurm no longer knows the path of the log.</p>`;
  if (log.kind === 'not shown') return html`<p class="problem">${log.why}</p>`;
  return block(`The last lines of ${log.path}`, cleanLogTail(log.tail, LOG_LINES));
}
