// Shows how the tasks stand, whether a daemon runs or not: it takes no lock and changes nothing.
import { commonOptions } from '../setting-options.ts';
import { systemClock } from '../../base/clock.ts';
import { formatDuration } from '../../base/duration.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { ClearmlClient } from '../../clearml/client.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { findHolder } from '../../daemon/journal/lock.ts';
import { readServingNote } from '../../daemon/status/serving-note.ts';
import { survey } from '../../daemon/status/survey.ts';
import { openCluster, type ClusterSide } from '../../assembly/open-cluster.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { isFromAbort } from '../interrupted.ts';
import { journalEntries } from '../../daemon/serve/journal-entries.ts';
import { createClearml } from '../../assembly/create-clearml.ts';
import { painter } from '../../base/paint.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { statusDocument, statusText, type ClusterStatus } from '../status-report.ts';
import { bareNumberOption, spanOption, switchOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';
import { openScreen } from '../watched-screen.ts';

const HOUR_MS = 3_600_000;

/**
 * Returns `unavailable` when ClearML or a cluster gave no answer; what is known without it is shown all the same.
 * @throws what keeps it from looking at all, each with a sentence in explain.ts's table
 */
export async function showStatus(typed: Typed, context: CommandContext): Promise<number> {
  const asJson = switchOption(typed, 'json') ?? false;
  const endedSinceMs = spanOption(typed, 'since') ?? HOUR_MS;
  if (typed['watch'] !== undefined && asJson) throw new UsageError('Give either --watch or --json.');
  const app = createApp(commonOptions(typed), context);
  const watchMs = bareNumberOption(typed, 'watch', 1, app.config.settings.slurm.pollIntervalMs / 1000);
  const clearml = createClearml(app);
  const sides = new Map<ClusterSettings, ClusterSide>();
  try {
    for (const cluster of app.config.settings.clusters) sides.set(cluster, await openCluster(app, cluster, app.log));
    const look = (): Promise<ClusterStatus[]> =>
      Promise.all([...sides].map(([cluster, side]) => lookAt({ app, cluster, side, clearml, endedSinceMs })));
    if (watchMs !== undefined) return await watch(look, watchMs * 1000, context);
    const seen = await look();
    const columns = context.terminalSize?.().columns ?? Infinity;
    context.stdout(
      asJson
        ? `${JSON.stringify(statusDocument(seen), undefined, 2)}\n`
        : statusText(seen, { paint: painter(context), columns }),
    );
    const isWhole = seen.every(
      ({ clearmlError: clearmlTrouble, slurmError: slurmTrouble }) => (clearmlTrouble ?? slurmTrouble) === undefined,
    );
    return isWhole ? EXIT.ok : EXIT.unavailable;
  } finally {
    for (const { host } of sides.values()) await host.close();
    await clearml.close();
    await app.closeLog();
  }
}

/** Looks again and again until it is stopped, which is a good end. */
async function watch(
  look: () => Promise<readonly ClusterStatus[]>,
  everyMs: number,
  context: CommandContext,
): Promise<number> {
  const paint = painter(context);
  const screen = openScreen(context);
  try {
    do {
      const seen = await look();
      const time = new Date(systemClock.now()).toISOString().slice(11, 19);
      const head = `Looked at ${time} UTC, again every ${formatDuration(everyMs)}; Ctrl-C ends this.\n`;
      screen.show(({ columns }) => head + statusText(seen, { paint, columns }));
    } while (await sleepUnlessStopped(systemClock, everyMs, context.stop));
    return EXIT.ok;
  } catch (error) {
    if (isFromAbort(context.stop, error)) return EXIT.ok;
    throw error;
  } finally {
    screen.close();
  }
}

interface Looking {
  readonly app: App;
  readonly cluster: ClusterSettings;
  readonly side: ClusterSide;
  readonly clearml: ClearmlClient;
  readonly endedSinceMs: number;
}

async function lookAt({ app, cluster, side, clearml, endedSinceMs }: Looking): Promise<ClusterStatus> {
  const { hostName, stop } = app.context;
  const { scheduler } = side;
  const now = systemClock.now();
  const { name, stateDir, schedulerQueue } = cluster;
  const [entries, daemon] = await Promise.all([journalEntries(stateDir), findHolder(stateDir, hostName, now)]);
  const served = await readServingNote(stateDir, daemon);
  const configured = app.config.settings.queues.flatMap((queue) =>
    queue.cluster === cluster.name ? [queue.name] : [],
  );
  // What was typed when the daemon was started stands in no file but its note.
  const servedQueues = served.queues ?? configured;
  const seen = await survey({ entries, clearml, scheduler, schedulerQueue, servedQueues, endedSinceMs, now }, stop);
  return {
    ...seen,
    cluster: name,
    stateDir,
    daemon: daemon && { ...daemon, draining: served.draining },
    now,
    endedSinceMs,
  };
}
