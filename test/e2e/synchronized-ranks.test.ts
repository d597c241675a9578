// The ranks of two tasks with the same port, as jobs with the same id in two test clusters on one machine have it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { DESCRIPTIONS } from '../../examples/demo/tasks.ts';
import { freePorts } from '../support/loopback-port.ts';
import { requirePython } from '../support/skip-unless.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';

const run = promisify(execFile);

const SIZE = 2;

describe('the ranks of two tasks that use the same port', () => {
  before(requirePython);

  for (const [where, program] of [
    ['of the tests', SYNCHRONIZE_RANKS],
    ['of the demo', DESCRIPTIONS.find(({ name }) => name === 'two nodes')?.code ?? ''],
  ] as const) {
    it(`each meet only the ranks of their own task, in the program ${where}`, async () => {
      const [port = 0] = await freePorts(1);
      const place = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(port), WORLD_SIZE: String(SIZE) };
      const ranks = ['a', 'b'].flatMap((task) =>
        [0, 1].map((rank) => {
          const own = { CLEARML_TASK_ID: task.repeat(32), NODE_RANK: String(rank), SLURMD_NODENAME: `n${rank}` };
          return run('python3', ['-c', program], { env: { ...process.env, ...place, ...own } });
        }),
      );
      const ended = await Promise.all(ranks);
      expect(ended.map(({ stderr }) => stderr)).to.deep.equal(['', '', '', '']);
    });
  }
});
