// Shows how the tasks stand, whether a daemon runs or not: it takes no lock and changes nothing.
import { systemClock } from '../../base/clock.ts';
import { formatDuration } from '../../base/duration.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { ClearmlClient } from '../../clearml/client.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { findHolder } from '../../daemon/journal/lock.ts';
import { readServingNote } from '../../daemon/status/serving-note.ts';
import { survey } from '../../daemon/status/survey.ts';
import { openCluster, type ClusterSide } from '../assemble.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { isFromAbort } from '../interrupted.ts';
import { journalEntries } from '../journal-entries.ts';
import { makeClearml } from '../make-clearml.ts';
import { painter } from '../paint.ts';
import { readBase, type Base } from '../read-base.ts';
import { statusDocument, statusText, type ClusterStatus } from '../status-report.ts';
import { bareNumberOption, spanOption, switchOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';
import { openScreen } from '../watched-screen.ts';

const HOUR_MS = 3_600_000;

/**
 * Returns `unavailable` when ClearML or a cluster gave no answer; what is known without it is shown all the same.
 * @throws what keeps it from looking at all, each with a sentence in explain.ts's table
 */
export async function showStatus(typed: Typed, around: Surroundings): Promise<number> {
  const asJson = switchOption(typed, 'json') ?? false;
  const endedSinceMs = spanOption(typed, 'since') ?? HOUR_MS;
  if (typed['watch'] !== undefined && asJson) throw new UsageProblem('Give either --watch or --json.');
  const base = readBase(typed, around);
  const watchMs = bareNumberOption(typed, 'watch', 1, base.config.settings.slurm.pollIntervalMs / 1000);
  const clearml = makeClearml(base);
  const sides = new Map<ClusterSettings, ClusterSide>();
  try {
    for (const cluster of base.config.settings.clusters) sides.set(cluster, await openCluster(base, cluster, base.log));
    const look = (): Promise<ClusterStatus[]> =>
      Promise.all([...sides].map(([cluster, side]) => lookAt({ base, cluster, side, clearml, endedSinceMs })));
    if (watchMs !== undefined) return await watch(look, watchMs * 1000, around);
    const seen = await look();
    const columns = around.terminalSize?.().columns ?? Infinity;
    around.stdout(
      asJson
        ? `${JSON.stringify(statusDocument(seen), undefined, 2)}\n`
        : statusText(seen, { paint: painter(around), columns }),
    );
    const isWhole = seen.every(
      ({ clearmlError: clearmlTrouble, slurmError: slurmTrouble }) => (clearmlTrouble ?? slurmTrouble) === undefined,
    );
    return isWhole ? EXIT.ok : EXIT.unavailable;
  } finally {
    for (const { host } of sides.values()) await host.close();
    await clearml.close();
    await base.closeLog();
  }
}

/** Looks again and again until it is stopped, which is a good end. */
async function watch(
  look: () => Promise<readonly ClusterStatus[]>,
  everyMs: number,
  around: Surroundings,
): Promise<number> {
  const paint = painter(around);
  const screen = openScreen(around);
  try {
    do {
      const seen = await look();
      const time = new Date(systemClock.now()).toISOString().slice(11, 19);
      const head = `Looked at ${time} UTC, again every ${formatDuration(everyMs)}; Ctrl-C ends this.\n`;
      screen.show(({ columns }) => head + statusText(seen, { paint, columns }));
    } while (await sleepUnlessStopped(systemClock, everyMs, around.stop));
    return EXIT.ok;
  } catch (error) {
    if (isFromAbort(around.stop, error)) return EXIT.ok;
    throw error;
  } finally {
    screen.close();
  }
}

interface Looking {
  readonly base: Base;
  readonly cluster: ClusterSettings;
  readonly side: ClusterSide;
  readonly clearml: ClearmlClient;
  readonly endedSinceMs: number;
}

async function lookAt({ base, cluster, side, clearml, endedSinceMs }: Looking): Promise<ClusterStatus> {
  const { hostName, stop } = base.around;
  const { scheduler } = side;
  const now = systemClock.now();
  const { name, stateDir, schedulerQueue } = cluster;
  const [entries, daemon] = await Promise.all([journalEntries(stateDir), findHolder(stateDir, hostName, now)]);
  const served = await readServingNote(stateDir, daemon);
  const configured = base.config.settings.queues.flatMap((queue) =>
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
