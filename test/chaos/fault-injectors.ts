// The fault injectors on real Slurm.
import { open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../support/slurmctld-proxy.ts';
import { killIfAlive } from '../support/job-processes.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { TestBed, DaemonProcess } from './test-bed.ts';
import { LINK_FAULTS } from './server-link.ts';
import type { FaultKind, ScheduledFault } from './schedule.ts';
import { childNamed, commandNamed } from './processes.ts';
import { loadInjectors } from './load-faults.ts';
import { sshInjectors } from './ssh-faults.ts';
import { choose, type Injector, type RoundContext } from './round-context.ts';
import { userActs } from './user-acts.ts';

export const INJECTORS: Readonly<Record<FaultKind, Injector>> = {
  'daemon is killed': killDaemon(() => Promise.resolve()),
  'daemon is killed, its journal lost': killDaemon((daemon) => rm(daemon.journal, { force: true })),
  'daemon is killed, its journal torn': killDaemon(async (daemon) => {
    const size = await readFile(daemon.journal).then(
      (text) => text.length,
      () => 0,
    );
    if (size > 0) await truncate(daemon.journal, size - Math.min(size, 20));
  }),
  'sbatch is killed': killSbatch,
  'controller is killed': onController((bed) => bed.cluster.killController()),
  'controller is restarted': onController((bed) => bed.cluster.stopController()),
  'node is killed': killNode,
  'server is killed': killServer,
  'link daemon–server': breakDaemonLink,
  'link node–server': breakNodeLink,
  'link daemon–controller': (round, planned) => disturbController(round, planned, undefined),
  'link sbatch–controller': (round, planned) => disturbController(round, planned, 'submissions'),
  'disk is full': fillDisk,
  ...userActs,
  ...sshInjectors,
  ...loadInjectors,
};

function killDaemon(meanwhile: (daemon: DaemonProcess) => Promise<void>): Injector {
  return (round, { what, pick, forMs }) =>
    onDaemon(round, pick, async (daemon) => {
      const fault = round.note({ what: 'other', daemon: daemon.name, words: `${daemon.name}: ${what}` });
      round.countKill(what);
      await daemon.kill();
      await meanwhile(daemon);
      await sleep(forMs);
      await daemon.start();
      fault.over();
    });
}

const SBATCH_WITHIN_MS = 10_000;

/** Waits for an sbatch of the daemon, and kills it some milliseconds after its start: before, during or after the submission. */
async function killSbatch(round: RoundContext, { pick, way, what }: ScheduledFault): Promise<void> {
  const { daemons, sshAccess, shared, commandsConf } = round.bed;
  // Over SSH or sudo, sbatch is not a child of the daemon.
  const isChild = sshAccess === undefined && shared === undefined;
  const daemon = choose(daemons, pick);
  const until = Date.now() + SBATCH_WITHIN_MS;
  while (Date.now() < until) {
    const pid = isChild ? childNamed(daemon.pid(), 'sbatch') : commandNamed('sbatch', commandsConf);
    if (pid !== undefined) {
      await sleep(way * 40);
      if (!killIfAlive(pid)) return;
      round.note({ what: 'other', words: `an sbatch of ${daemon.name} was killed` });
      round.countKill(what);
      return;
    }
    await sleep(3);
  }
}

function onController(end: (bed: TestBed) => Promise<void>): Injector {
  return (round, { what, forMs }) =>
    round.locks.slurm(async () => {
      const fault = round.note({ what: what === 'controller is killed' ? 'controller killed' : 'other', words: what });
      round.countKill(what);
      await end(round.bed);
      await sleep(forMs);
      await round.bed.cluster.startController();
      fault.over();
    });
}

function killNode(round: RoundContext, { what, pick, way, forMs }: ScheduledFault): Promise<void> {
  return round.locks.slurm(async () => {
    const { cluster } = round.bed;
    const node = choose(cluster.nodes, pick);
    const fault = round.note({ what: 'node killed', node, words: `node ${node} is killed` });
    round.countKill(what);
    await cluster.killNode(node);
    // An operator may notice it first; otherwise Slurm does when the node returns.
    if (way < 0.5)
      await retry(() => cluster.run('scontrol', 'update', `NodeName=${node}`, 'State=DOWN', 'Reason=power'));
    await sleep(forMs);
    await cluster.startNode(node);
    fault.over();
  });
}

/** Repeats the command of an operator until it succeeds: slurmctld is slow on a busy machine. */
async function retry(command: () => Promise<string>): Promise<void> {
  await waitUntil('Slurm to obey the operator', () =>
    command().then(
      () => true,
      () => false,
    ),
  );
}

function killServer(round: RoundContext, { what, forMs }: ScheduledFault): Promise<void> {
  return round.locks.server(async () => {
    const fault = round.note({ what: 'server away', words: what });
    round.countKill(what);
    await round.bed.server.kill();
    await sleep(forMs);
    await round.bed.server.start();
    fault.over();
  });
}

function breakDaemonLink(round: RoundContext, { what, pick, way, forMs }: ScheduledFault): Promise<void> {
  return onDaemon(round, pick, async ({ name, link }) => {
    const fault = choose(LINK_FAULTS, way);
    round.note({ what: 'other', words: `link ${name}–server: ${fault} for ${forMs} ms` });
    round.countKill(what);
    link.break(fault);
    await sleep(forMs);
    link.mend();
  });
}

function breakNodeLink(round: RoundContext, { what, way, forMs }: ScheduledFault): Promise<void> {
  return round.locks.nodeLink(async () => {
    const kind = choose(LINK_FAULTS, way);
    const fault = round.note({ what: 'link broken', words: `link node–server: ${kind} for ${forMs} ms` });
    round.countKill(what);
    round.bed.nodeLink.break(kind);
    await sleep(forMs);
    round.bed.nodeLink.mend();
    fault.over();
  });
}

const CONTROLLER_FAULTS: readonly Fault[] = [
  { kind: 'drop-answers' },
  { kind: 'cut-answers' },
  { kind: 'refuse' },
  { kind: 'delay-answers', byMs: 1_500 },
];

function disturbController(
  round: RoundContext,
  { what, way, forMs }: ScheduledFault,
  only: 'submissions' | undefined,
): Promise<void> {
  return round.locks.controllerLink(async () => {
    const fault = choose(CONTROLLER_FAULTS, way);
    round.note({ what: 'other', words: `${what}: ${fault.kind} for ${forMs} ms` });
    round.countKill(what);
    round.bed.controllerLink.break({ fault, ...(only === undefined ? {} : { only }) });
    await sleep(forMs);
    round.bed.controllerLink.mend();
  });
}

async function fillDisk(round: RoundContext, { what, pick, forMs }: ScheduledFault): Promise<void> {
  const { stateFolder, name } = choose(round.bed.daemons, pick);
  const filler = join(stateFolder, 'filler');
  round.note({ what: 'other', words: `the disk of ${name} is full for ${forMs} ms` });
  round.countKill(what);
  const file = await open(filler, 'w');
  try {
    // Fill the last pages with smaller writes, so that no byte is free.
    for (const size of [65_536, 4_096, 1]) {
      await file.appendFile(Buffer.alloc(1_048_576)).catch(() => undefined);
      while (
        await file.appendFile(Buffer.alloc(size)).then(
          () => true,
          () => false,
        )
      );
    }
  } finally {
    await file.close();
  }
  await sleep(forMs);
  await rm(filler, { force: true });
}

function onDaemon(round: RoundContext, pick: number, work: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  const { daemons } = round.bed;
  const daemon = choose(daemons, pick);
  const lock = round.locks.daemons[daemons.indexOf(daemon)];
  if (lock === undefined) throw new RangeError('each daemon has its turns');
  return lock(() => work(daemon));
}
