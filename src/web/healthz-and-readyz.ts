// `/healthz` and `/readyz`: whether the daemon is alive, and whether it serves its queues, as JSON.
import type { Monitor } from '../daemon/monitor/monitor.ts';
import type { Reply } from './http-server.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** `live`: 503 only if a restart would help. `ready`: 503 if tasks of a cluster are not claimed, submitted or tracked. */
export function healthReply(monitor: Monitor, question: 'live' | 'ready'): Reply {
  const all = monitor.clusters().map((cluster) => ({ label: cluster.label(), ...cluster.health() }));
  const isWell = all.length > 0 && all.every(({ isLive, isReady }) => (question === 'live' ? isLive : isReady));
  // A daemon that is still starting is alive.
  const isOk = isWell || (question === 'live' && all.length === 0);
  const document = {
    status: isOk ? 'ok' : 'unavailable',
    problems: all.flatMap(({ label, problems }) =>
      problems.map((problem) => (all.length > 1 ? `Cluster ${label}: ${problem}` : problem)),
    ),
    clusters: all.map(({ cluster, phase, isLive, isReady, lagMs, passMs, journalError, ...times }) => ({
      cluster: cluster ?? null,
      phase,
      live: isLive,
      ready: isReady,
      lastClearmlResponse: isoTime(times.clearmlOkAt),
      lastSlurmResponse: isoTime(times.slurmOkAt),
      lastGoodPoll: isoTime(times.passOkAt),
      lastPassSeconds: passMs === undefined ? null : passMs / 1000,
      loopLagSeconds: lagMs / 1000,
      journalWritable: journalError === undefined,
    })),
  };
  return { status: isOk ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(document, undefined, 2)}\n` };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
