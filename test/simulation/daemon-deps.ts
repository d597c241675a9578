// Creates the dependencies of one simulated daemon.
import type { DaemonDeps, ReadLimits } from '../../src/daemon/deps.ts';
import { createJobLogs } from '../../src/daemon/console/job-log-reader.ts';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { createPeers } from '../../src/daemon/poll/peers.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { UserMap } from '../../src/base/resolve-user-map.ts';
import { createRateLimit } from '../../src/base/token-bucket.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import { TemplateError } from '../../src/sbatch-template/errors.ts';
import { FACTS, type Cluster } from './simulated-slurm.ts';
import { openMemoryJournal, type Disk } from './memory-journal.ts';
import type { SimulatedClock } from './clock.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { RoundLimits } from './schedule.ts';
import type { Server } from './server.ts';
import { UNIX_USERS } from './unix-users.ts';
import { noAudit } from '../support/no-audit.ts';
import { createMemoryHistory } from '../support/memory-history.ts';
import { silentLog } from '../support/silent-log.ts';
import { GRACE_PERIODS, JOB_SETTINGS } from '../support/simulated-values.ts';
import type { PendingCalls } from './pending-calls.ts';

const [ALICE, BOB] = UNIX_USERS;

/** Of the owners in a round, two have a Unix user; the jobs of the third run as the daemon's user. */
const USER_MAP: UserMap = {
  byOwner: new Map([
    ['ada', { kind: 'run as', user: ALICE }],
    ['bob', { kind: 'run as', user: BOB }],
  ]),
  fallback: { kind: 'run as', user: undefined },
  problems: [],
};

interface Around {
  readonly server: Server;
  readonly scheduler: Scheduler;
  readonly clock: SimulatedClock;
  readonly calls: PendingCalls;
  readonly readLog: Cluster['readLog'];
  readonly disk: Disk;
  /** The number of the daemon and of its incarnation; an incarnation ends when the daemon is killed. */
  readonly number: number;
  readonly incarnation: number;
  /** Whether the template cannot be rendered for this task. */
  readonly isMisfit: (task: string) => boolean;
  /** Default: the daemon's own, which reads everything in a round as small as these. */
  readonly readLimits?: ReadLimits | undefined;
  readonly limited?: RoundLimits | undefined;
  readonly pauses?: DaemonDeps['pauses'];
}

export function createDaemonDeps({
  server,
  scheduler,
  clock,
  calls,
  readLog,
  disk,
  number,
  incarnation,
  isMisfit,
  readLimits,
  limited,
  pauses,
}: Around): DaemonDeps {
  let tokens = 0;
  const host = hostOf(calls, incarnation, readLog);
  const who = { worker: `login${number}:slurm`, mark: `mark${number}` };
  return {
    clearml: server.clientOf(incarnation),
    scheduler,
    transport: host,
    jobLogs: createJobLogs({ host, clock: clock.of(incarnation), redact: (text) => text }),
    journal: openMemoryJournal(disk, calls, incarnation),
    clock: clock.of(incarnation),
    log: silentLog,
    randomToken: () => `${number}${String((tokens += 1)).padStart(3, '0')}`,
    ...who,
    peers: createPeers({
      ...who,
      queues: [OWN_QUEUE],
      schedulerQueue: SCHEDULER_QUEUE,
      cluster: FACTS.clusterName,
    }),
    version: '0.1.0',
    queues: [
      {
        id: OWN_QUEUE,
        name: 'own',
        limits: limited?.isOfCluster === false ? limited.limits : undefined,
        userFairness: limited?.userFairness,
        template: {
          file: 'a.template',
          agent: { file: 'a.template', line: 1, column: 1, command: [] },
          render({ task, workerId }) {
            if (isMisfit(String(task['id']))) {
              throw new TemplateError('a.template', 2, 1, 'there is no value for ${CLEARML_TASK.x}');
            }
            // The simulation needs only the worker id of a script.
            return { script: workerId, uses: [] };
          },
        },
      },
    ],
    orderFairness: false,
    limits: limited?.isOfCluster === true ? limited.limits : undefined,
    pauses,
    unixUsers: limited?.unixUsers === undefined ? undefined : createUnixUsers(USER_MAP),
    schedulerQueue: SCHEDULER_QUEUE,
    cluster: FACTS,
    rateLimit: createRateLimit({ perSecond: 10, burst: 20 }),
    gracePeriods: GRACE_PERIODS,
    adoptAfterMs: 60_000,
    ...(readLimits === undefined ? {} : { readLimits }),
    job: { ...JOB_SETTINGS, sharedDir: '/shared' },
    audit: noAudit,
    history: createMemoryHistory(),
    busy: new Set(),
  };
}

/** A transport whose commands succeed unless the call is lost; of the files, it has the logs of jobs. */
function hostOf(calls: PendingCalls, incarnation: number, readLog: Cluster['readLog']): Transport {
  return {
    name: 'this machine',
    run({ program, args }) {
      const log = args.map(readLog).find((found) => found !== undefined);
      const stdout = log === undefined ? '' : `part 0 ${log.length}\n${log}`;
      return calls.request({
        owner: incarnation,
        kind: 'host',
        endpoint: program,
        label: `runs ${program}`,
        effect: () => ({ exitCode: 0, killedBy: undefined, stdout, stderr: '' }),
        lost: () => ({ exitCode: 1, killedBy: undefined, stdout: '', stderr: 'Disk quota exceeded' }),
      });
    },
    close: () => Promise.resolve(),
  };
}
