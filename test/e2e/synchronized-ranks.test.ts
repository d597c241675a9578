// The ranks of two tasks with the same port, as jobs with the same id in two test clusters on one machine have it.
import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { DESCRIPTIONS } from '../../examples/demo/tasks.ts';
import { freePorts } from '../support/loopback-port.ts';
import { rejection } from '../support/rejection.ts';
import { requirePython } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';

const run = promisify(execFile);

const SIZE = 2;

const PROGRAMS = [
  ['the tests', SYNCHRONIZE_RANKS],
  ['the demo', DESCRIPTIONS.find(({ name }) => name === 'two nodes')?.code ?? ''],
] as const;

interface Rank {
  readonly task: string;
  readonly rank: number;
  readonly port: number;
}

/** Returns what it printed. */
async function runRank(program: string, { task, rank, port }: Rank, size = SIZE): Promise<string> {
  const place = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(port), WORLD_SIZE: String(size) };
  const own = { CLEARML_TASK_ID: task.repeat(32), NODE_RANK: String(rank), SLURMD_NODENAME: `n${rank}` };
  const { stdout, stderr } = await run('python3', ['-c', program], { env: { ...process.env, ...place, ...own } });
  expect(stderr).to.equal('');
  return stdout;
}

/** A client that says nothing, connected to the first process that listens on this port. */
async function connectSilently(port: number): Promise<Socket> {
  let connected: Socket | undefined;
  await waitUntil('the first rank to listen', async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    connected = await new Promise<Socket | undefined>((done) => {
      socket.once('connect', () => done(socket)).once('close', () => done(undefined));
    });
    return connected !== undefined;
  });
  if (connected === undefined) throw new Error('not connected');
  return connected;
}

describe('the ranks of a task', () => {
  before(requirePython);

  for (const [where, program] of PROGRAMS) {
    it(`in the script of ${where} ignore the ranks of another task on the same port`, async () => {
      const [port = 0] = await freePorts(1);
      const ranks = ['a', 'b'].flatMap((task) => [0, 1].map((rank) => runRank(program, { task, rank, port })));
      await Promise.all(ranks);
    });

    it(`in the script of ${where} ignore a client that connects first and sends nothing`, async () => {
      const [port = 0] = await freePorts(1);
      const first = runRank(program, { task: 'a', rank: 0, port });
      const silent = await connectSilently(port);
      try {
        await Promise.all([first, runRank(program, { task: 'a', rank: 1, port })]);
      } finally {
        silent.destroy();
      }
    });
  }

  it('print only in rank 0 that all three ranks are connected', async () => {
    const [port = 0] = await freePorts(1);
    const ranks = [0, 1, 2].map((rank) => runRank(SYNCHRONIZE_RANKS, { task: 'a', rank, port }, 3));
    expect(await Promise.all(ranks)).to.deep.equal(['all have met\n', '', '']);
  });

  for (const rank of [0, 1]) {
    it(`fail if only rank ${rank} of two ranks starts`, async () => {
      const [port = 0] = await freePorts(1);
      const impatient = SYNCHRONIZE_RANKS.replace('WAIT = 600', 'WAIT = 1');
      expect(await rejection(runRank(impatient, { task: 'a', rank, port }))).to.include({
        code: 1,
        stdout: '',
        stderr: 'the ranks have not met\n',
      });
    });
  }
});
