// Decides whether a daemon is alive and ready for a cluster (`/healthz` and `/readyz`), and if not, why. Pure.
import * as z from 'zod';
import { formatDuration } from '../../base/format-duration.ts';

/** What is known about the daemon's work for one cluster. Times are milliseconds of one clock. */
export const HealthFacts = z.object({
  /** undefined for the only cluster, if it has no name. */
  cluster: z.string().optional(),
  /** `starting` until Slurm has responded once. */
  phase: z.enum(['starting', 'serving', 'ended']),
  startedAt: z.number(),
  pollMs: z.number(),
  clearmlOkAt: z.number().optional(),
  slurmOkAt: z.number().optional(),
  /** When the last complete pass ended. */
  passOkAt: z.number().optional(),
  passMs: z.number().optional(),
  /** When the loop is to do something next; in the past while it works, and if it hangs. */
  dueAt: z.number().optional(),
  /** Why the last pass failed; undefined after a complete one. */
  passError: z.string().optional(),
  /** Why the journal could not be written; undefined after a successful write. */
  journalError: z.string().optional(),
});

export type HealthFacts = z.infer<typeof HealthFacts>;

export interface Health {
  /** False if the loop hangs: only a restart helps. */
  readonly isLive: boolean;
  /** Whether tasks are claimed, submitted and tracked. */
  readonly isReady: boolean;
  /** Sentences without the name of the cluster; empty if there are none. */
  readonly problems: readonly string[];
  /** How late the loop is, in milliseconds. */
  readonly lagMs: number;
}

/** Longer than any call with its retries may take, even several of them. */
const HUNG_AFTER_MS = 15 * 60_000;

/** Quiet polls are up to four times as far apart as the setting; three of them may be missed. */
const POLLS_MISSED = 12;
const LEAST_STALE_MS = 60_000;

/** How old the last good poll may be. */
export function staleAfterMs({ pollMs }: Pick<HealthFacts, 'pollMs'>): number {
  return Math.max(LEAST_STALE_MS, POLLS_MISSED * pollMs);
}

export function decideHealth(facts: HealthFacts, now: number): Health {
  const { phase, dueAt, startedAt, journalError, passOkAt, passError } = facts;
  const lagMs = phase === 'serving' && dueAt !== undefined ? Math.max(0, now - dueAt) : 0;
  const isLive = lagMs < HUNG_AFTER_MS;
  const okAt = passOkAt ?? startedAt;
  const isStale = now - okAt > staleAfterMs(facts);
  const problems = [
    ...(isLive ? [] : [`The reconcile loop has made no progress for ${formatDuration(lagMs)}: restart the daemon.`]),
    ...(phase === 'starting' ? ['Slurm has not responded yet; no task is claimed.'] : []),
    ...(phase === 'ended' ? ['The daemon does not serve this cluster any more; its log says why.'] : []),
    ...(journalError === undefined ? [] : [`The journal cannot be written: ${journalError}.`]),
    ...(phase === 'serving' && isStale ? [stale(facts, now)] : []),
    ...(phase === 'serving' && !isStale && passError !== undefined ? [`The last poll failed: ${passError}.`] : []),
  ];
  const isReady = isLive && phase === 'serving' && journalError === undefined && !isStale;
  return { isLive, isReady, problems, lagMs };
}

function stale({ passOkAt, startedAt, passError }: HealthFacts, now: number): string {
  const since = formatDuration(now - (passOkAt ?? startedAt));
  return `No poll has succeeded for ${since}${passError === undefined ? '' : `: ${passError}`}.`;
}

/** The health of a daemon in one line. */
export interface HealthLine {
  readonly state: 'Ready' | 'Ready, with a problem' | 'Not ready';
  readonly text: string;
}

/** For service managers. @param label of the cluster; shown if there are several */
export function summarizeHealth(
  clusters: readonly (Pick<Health, 'isReady' | 'problems'> & { readonly label: string; readonly tracked: number })[],
): HealthLine {
  // The clusters are known when ClearML has responded to the first login.
  if (clusters.length === 0) return { state: 'Not ready', text: 'Not ready; waiting for ClearML.' };
  const problems = clusters.flatMap(({ label, problems: its }) =>
    its.map((problem) => (clusters.length > 1 ? `${label}: ${problem}` : problem)),
  );
  const isReady = clusters.every((cluster) => cluster.isReady);
  const state = !isReady ? 'Not ready' : problems.length > 0 ? 'Ready, with a problem' : 'Ready';
  const tracked = clusters.reduce((sum, cluster) => sum + cluster.tracked, 0);
  const tasks = `${tracked} ${tracked === 1 ? 'task' : 'tasks'} tracked`;
  return { state, text: `${state}; ${tasks}.${problems.map((problem) => ` ${problem}`).join('')}` };
}
