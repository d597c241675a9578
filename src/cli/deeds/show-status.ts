// Shows how the tasks stand, whether a daemon runs or not: it takes no lock and changes nothing.
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { ClearmlClient } from '../../clearml/client.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { findHolder } from '../../glue/lock.ts';
import { survey } from '../../glue/survey.ts';
import { openCluster, type ClusterSide } from '../assemble.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { journalEntries } from '../journal-entries.ts';
import { makeClearml } from '../make-clearml.ts';
import { readBase } from '../read-base.ts';
import { statusDocument, statusText, type ClusterStatus } from '../status-report.ts';
import { switchOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

/** A terminal is wiped before each look, as watch(1) does. */
const WIPE = '\x1b[H\x1b[2J\x1b[3J';

/**
 * Returns `unavailable` when ClearML or a cluster gave no answer; what is known without it is shown all the same.
 * @throws what keeps it from looking at all, each with a sentence in explain.ts's table
 */
export async function showStatus(typed: Typed, around: Surroundings): Promise<number> {
  const isWatching = switchOption(typed, 'watch') ?? false;
  const asJson = switchOption(typed, 'json') ?? false;
  if (isWatching && asJson) throw new UsageProblem('Give either --watch or --json.');
  const base = readBase(typed, around);
  const clearml = makeClearml(base);
  const sides = new Map<ClusterSettings, ClusterSide>();
  try {
    for (const cluster of base.config.settings.clusters) sides.set(cluster, await openCluster(base, cluster, base.log));
    for (;;) {
      const seen = await Promise.all([...sides].map(([cluster, side]) => lookAt(cluster, side, clearml, around)));
      around.stdout(
        asJson
          ? `${JSON.stringify(statusDocument(seen), undefined, 2)}\n`
          : onTerminal(statusText(seen, around.terminalSize?.().columns), around, isWatching),
      );
      const isWhole = seen.every(({ clearmlTrouble, slurmTrouble }) => (clearmlTrouble ?? slurmTrouble) === undefined);
      if (!isWatching) return isWhole ? EXIT.ok : EXIT.unavailable;
      await sleepUnlessStopped(systemClock, base.config.settings.slurm.pollIntervalMs, around.stop);
      if (around.stop.aborted) return EXIT.ok;
    }
  } finally {
    for (const { host } of sides.values()) await host.close();
    await clearml.close();
    await base.closeLog();
  }
}

/** Watched in a terminal, each look begins at its top, and ends where it does. */
function onTerminal(text: string, { terminalSize }: Surroundings, isWatching: boolean): string {
  if (!isWatching || terminalSize === undefined) return text;
  const { rows } = terminalSize();
  const lines = text.trimEnd().split('\n');
  if (lines.length < rows) return WIPE + text;
  const shown = lines.slice(0, Math.max(1, rows - 2));
  return `${WIPE}${shown.join('\n')}\n… and ${lines.length - shown.length} more lines: see status without --watch.\n`;
}

async function lookAt(
  cluster: ClusterSettings,
  { scheduler }: ClusterSide,
  clearml: ClearmlClient,
  { hostName, stop }: Surroundings,
): Promise<ClusterStatus> {
  const now = systemClock.now();
  const { name, stateDir, schedulerQueue } = cluster;
  const [entries, daemon] = await Promise.all([journalEntries(stateDir), findHolder(stateDir, hostName, now)]);
  const seen = await survey({ entries, clearml, scheduler, schedulerQueue, now }, stop);
  return { ...seen, cluster: name, stateDir, daemon };
}
