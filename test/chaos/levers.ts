// The levers: for each thing that may happen, what the chaos does for it, and how it is written down.
import { open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../support/delaying-proxy.ts';
import { killIfAlive } from '../support/job-processes.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Arena, DaemonPlace } from './arena.ts';
import { LINK_TROUBLES } from './link.ts';
import type { Happening, PlannedHappening } from './plan.ts';
import { childNamed, commandNamed } from './processes.ts';
import { loadLevers } from './load-levers.ts';
import { sshLevers } from './ssh-levers.ts';
import { choose, type Lever, type Stage } from './stage.ts';
import { userActs } from './user-acts.ts';

export const LEVERS: Readonly<Record<Happening, Lever>> = {
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
  'controller is killed': onController((arena) => arena.cluster.killController()),
  'controller is restarted': onController((arena) => arena.cluster.stopController()),
  'node is killed': killNode,
  'server is killed': killServer,
  'link daemon–server': troubleDaemonLink,
  'link node–server': troubleNodeLink,
  'link daemon–controller': (stage, planned) => troubleController(stage, planned, undefined),
  'link sbatch–controller': (stage, planned) => troubleController(stage, planned, 'submissions'),
  'disk is full': fillDisk,
  ...userActs,
  ...sshLevers,
  ...loadLevers,
};

function killDaemon(meanwhile: (daemon: DaemonPlace) => Promise<void>): Lever {
  return (stage, { what, pick, forMs }) =>
    onDaemon(stage, pick, async (daemon) => {
      const deed = stage.note({ what: 'other', daemon: daemon.name, words: `${daemon.name}: ${what}` });
      stage.countKill(what);
      await daemon.kill();
      await meanwhile(daemon);
      await sleep(forMs);
      await daemon.start();
      deed.over();
    });
}

const SBATCH_WITHIN_MS = 10_000;

/** Waits for an sbatch of the daemon's, and kills it some milliseconds after its start: before, in or after its submission. */
async function killSbatch(stage: Stage, { pick, way, what }: PlannedHappening): Promise<void> {
  const { daemons, sshWay, commandsConf } = stage.arena;
  const daemon = choose(daemons, pick);
  const until = Date.now() + SBATCH_WITHIN_MS;
  while (Date.now() < until) {
    // Behind SSH it is nobody's child here.
    const pid = sshWay === undefined ? childNamed(daemon.pid(), 'sbatch') : commandNamed('sbatch', commandsConf);
    if (pid !== undefined) {
      await sleep(way * 40);
      if (!killIfAlive(pid)) return;
      stage.note({ what: 'other', words: `an sbatch of ${daemon.name} was killed` });
      stage.countKill(what);
      return;
    }
    await sleep(3);
  }
}

function onController(end: (arena: Arena) => Promise<void>): Lever {
  return (stage, { what, forMs }) =>
    stage.inTurn.slurm(async () => {
      const deed = stage.note({ what: what === 'controller is killed' ? 'controller killed' : 'other', words: what });
      stage.countKill(what);
      await end(stage.arena);
      await sleep(forMs);
      await stage.arena.cluster.startController();
      deed.over();
    });
}

function killNode(stage: Stage, { what, pick, way, forMs }: PlannedHappening): Promise<void> {
  return stage.inTurn.slurm(async () => {
    const { cluster } = stage.arena;
    const node = choose(cluster.nodes, pick);
    const deed = stage.note({ what: 'node killed', node, words: `node ${node} is killed` });
    stage.countKill(what);
    await cluster.killNode(node);
    // An operator who sees it first, or nobody: then Slurm finds out when the node is back.
    if (way < 0.5)
      await insist(() => cluster.run('scontrol', 'update', `NodeName=${node}`, 'State=DOWN', 'Reason=power'));
    await sleep(forMs);
    await cluster.startNode(node);
    deed.over();
  });
}

/** An operator repeats what timed out: a controller on a busy machine is slow to answer. */
async function insist(command: () => Promise<string>): Promise<void> {
  await waitUntil('Slurm to obey the operator', () =>
    command().then(
      () => true,
      () => false,
    ),
  );
}

function killServer(stage: Stage, { what, forMs }: PlannedHappening): Promise<void> {
  return stage.inTurn.server(async () => {
    const deed = stage.note({ what: 'server away', words: what });
    stage.countKill(what);
    await stage.arena.server.kill();
    await sleep(forMs);
    await stage.arena.server.start();
    deed.over();
  });
}

function troubleDaemonLink(stage: Stage, { what, pick, way, forMs }: PlannedHappening): Promise<void> {
  return onDaemon(stage, pick, async ({ name, link }) => {
    const trouble = choose(LINK_TROUBLES, way);
    stage.note({ what: 'other', words: `link ${name}–server: ${trouble} for ${forMs} ms` });
    stage.countKill(what);
    link.trouble(trouble);
    await sleep(forMs);
    link.mend();
  });
}

function troubleNodeLink(stage: Stage, { what, way, forMs }: PlannedHappening): Promise<void> {
  return stage.inTurn.nodeLink(async () => {
    const trouble = choose(LINK_TROUBLES, way);
    const deed = stage.note({ what: 'link in trouble', words: `link node–server: ${trouble} for ${forMs} ms` });
    stage.countKill(what);
    stage.arena.nodeLink.trouble(trouble);
    await sleep(forMs);
    stage.arena.nodeLink.mend();
    deed.over();
  });
}

const CONTROLLER_FAULTS: readonly Fault[] = [
  { kind: 'drop-answers' },
  { kind: 'cut-answers' },
  { kind: 'refuse' },
  { kind: 'delay-answers', byMs: 1_500 },
];

function troubleController(
  stage: Stage,
  { what, way, forMs }: PlannedHappening,
  only: 'submissions' | undefined,
): Promise<void> {
  return stage.inTurn.controllerLink(async () => {
    const fault = choose(CONTROLLER_FAULTS, way);
    stage.note({ what: 'other', words: `${what}: ${fault.kind} for ${forMs} ms` });
    stage.countKill(what);
    stage.arena.controllerLink.break({ fault, ...(only === undefined ? {} : { only }) });
    await sleep(forMs);
    stage.arena.controllerLink.mend();
  });
}

async function fillDisk(stage: Stage, { what, pick, forMs }: PlannedHappening): Promise<void> {
  const { stateFolder, name } = choose(stage.arena.daemons, pick);
  const filler = join(stateFolder, 'filler');
  stage.note({ what: 'other', words: `the disk of ${name} is full for ${forMs} ms` });
  stage.countKill(what);
  const file = await open(filler, 'w');
  try {
    // The last pages one by one: not a byte is to be left.
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

function onDaemon(stage: Stage, pick: number, work: (daemon: DaemonPlace) => Promise<void>): Promise<void> {
  const { daemons } = stage.arena;
  const daemon = choose(daemons, pick);
  const inTurn = stage.inTurn.daemons[daemons.indexOf(daemon)];
  if (inTurn === undefined) throw new RangeError('each daemon has its turns');
  return inTurn(() => work(daemon));
}
