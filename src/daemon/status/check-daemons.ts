// Whether the daemons of all clusters are well, as a line and an exit code for Nagios.
import { systemClock } from '../../base/clock.ts';
import type { CHECK_EXIT } from '../../base/exit-codes.ts';
import { stripToOneLine } from '../../base/terminal-text.ts';
import { formatDuration } from '../../base/format-duration.ts';
import type { Configured } from '../../assembly/load-trusted-config.ts';
import { findHolder, type Holder } from '../journal/lock.ts';
import { PAUSES_UNREADABLE } from '../console/console-messages.ts';
import { decideHealth, staleAfterMs } from '../monitor/decide-readiness.ts';
import { readPauses } from '../pause/pauses-file.ts';
import { NOTE_STALE_MS, readHealthNote, readServingNote, type HealthNote } from './daemon-notes.ts';

export type CheckState = keyof typeof CHECK_EXIT;

/** What is known of one cluster and its daemon. */
export interface CheckedCluster {
  readonly name: string | undefined;
  readonly stateDir: string;
  readonly holder: Pick<Holder, 'pid'> | undefined;
  /** undefined if there is none. */
  readonly note: HealthNote | undefined;
  readonly draining: boolean;
  readonly arePausesUnreadable: boolean;
}

export interface CheckResult {
  readonly state: CheckState;
  /** One line, with performance data behind a `|`. */
  readonly line: string;
}

/** Asks neither ClearML nor Slurm: it reads what the daemons wrote into their state directories. */
export async function checkDaemons({ config, context }: Configured): Promise<CheckResult> {
  const now = systemClock.now();
  const clusters = await Promise.all(
    config.settings.clusters.map(async ({ name, stateDir }): Promise<CheckedCluster> => {
      const holder = await findHolder(stateDir, context.hostName, now);
      const { draining } = await readServingNote(stateDir, holder);
      const arePausesUnreadable = await readPauses(stateDir, now).then(
        () => false,
        () => true,
      );
      return { name, stateDir, holder, note: await readHealthNote(stateDir), draining, arePausesUnreadable };
    }),
  );
  return checkClusters(clusters, now);
}

/** The worst first. */
const STATES = ['critical', 'warning', 'unknown', 'ok'] as const satisfies readonly CheckState[];

/** @param now milliseconds since 1970 */
export function checkClusters(clusters: readonly CheckedCluster[], now: number): CheckResult {
  const checks = clusters.map((cluster) => ({ ...checkCluster(cluster, now), name: cluster.name }));
  const state = STATES.find((one) => checks.some((check) => check.state === one)) ?? 'unknown';
  const shown = checks.filter((check) => check.state === state);
  const text = shown
    .map(({ name, text: its }) => (name === undefined || clusters.length === 1 ? its : `cluster ${name}: ${its}`))
    .join('; ');
  const data = clusters.flatMap((cluster) => performanceData(cluster, now, clusters.length > 1));
  const head = `${state.toUpperCase()}: ${oneLine(text)}`;
  return { state, line: data.length === 0 ? head : `${head} | ${data.join(' ')}` };
}

function checkCluster(
  { stateDir, holder, note, draining, arePausesUnreadable }: CheckedCluster,
  now: number,
): { readonly state: CheckState; readonly text: string } {
  if (holder === undefined) return { state: 'critical', text: `no daemon is running with state directory ${stateDir}` };
  if (note?.pid !== holder.pid)
    return { state: 'unknown', text: `process ${holder.pid} has not reported its health; is it an older version?` };
  const age = now - note.at;
  if (age > NOTE_STALE_MS)
    return { state: 'critical', text: `process ${holder.pid} has not reported its health for ${formatDuration(age)}` };
  const { isReady, problems } = decideHealth(note.facts, note.at);
  const all = [
    ...problems,
    ...(arePausesUnreadable ? [PAUSES_UNREADABLE] : []),
    ...(draining ? ['The daemon is draining: it claims no new tasks.'] : []),
  ];
  const isStarting = note.facts.phase === 'starting' && note.at - note.facts.startedAt <= staleAfterMs(note.facts);
  if (all.length > 0) return { state: isReady || isStarting ? 'warning' : 'critical', text: all.join(' ') };
  const { passOkAt } = note.facts;
  const poll = passOkAt === undefined ? 'no poll yet' : `last poll ${formatDuration(Math.max(0, now - passOkAt))} ago`;
  return { state: 'ok', text: `${note.tracked} ${note.tracked === 1 ? 'task' : 'tasks'} tracked, ${poll}` };
}

/** label=value;warning;critical, as the Nagios plugin guidelines have it. */
function performanceData({ name = '', holder, note }: CheckedCluster, now: number, isOfMany: boolean): string[] {
  if (note === undefined || note.pid !== holder?.pid) return [];
  const { facts, at, tracked } = note;
  const label = (what: string): string => (isOfMany ? `'${name.replaceAll(/['=|\s]/g, '_')} ${what}'` : what);
  const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 100) / 10)}s`;
  return [
    `${label('tracked')}=${tracked}`,
    ...(facts.passOkAt === undefined
      ? []
      : [`${label('poll_age')}=${seconds(now - facts.passOkAt)};;${staleAfterMs(facts) / 1000}`]),
    ...(facts.passMs === undefined ? [] : [`${label('pass')}=${seconds(facts.passMs)}`]),
    `${label('loop_lag')}=${seconds(decideHealth(facts, at).lagMs)}`,
  ];
}

/** Nagios reads performance data from the first `|` on, and only the first line. */
export function oneLine(text: string): string {
  return stripToOneLine(text.replaceAll('|', ' '));
}
