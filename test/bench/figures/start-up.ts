// Measures the start-up of the two commands that users wait for, compared with an empty Node process.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure, Result, Target } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median, middleHalf, ratios } from '../samples.ts';
import { TYPICAL_TASK, TYPICAL_TEMPLATE } from '../typical-task.ts';

const ROUNDS = 21;

interface Took {
  readonly wallMs: number;
  /** User and system time: nearly independent of other load. */
  readonly cpuMs: number;
}

interface Sampled {
  readonly what: string;
  readonly args: readonly string[];
  readonly took: Took[];
}

/** In an empty environment. Most of the time is the loading of the files. */
export const startUp: Figure = {
  name: 'start-up',
  async measure({ program, say }) {
    const path = await program();
    const folder = await mkdtemp(join(tmpdir(), 'start-up-'));
    try {
      await writeFile(join(folder, 'a.template'), TYPICAL_TEMPLATE);
      await writeFile(join(folder, 'task.json'), JSON.stringify(TYPICAL_TASK));
      const render = ['render', '--template-files', 'a.template', '--task-file', 'task.json'];
      const node = sampled('node -e 0', ['-e', '0']);
      const version = sampled('--version', [path, '--version']);
      const rendering = sampled('render --task-file', [path, ...render]);

      say(`${ROUNDS} rounds of each`);
      for (let round = 0; round < ROUNDS; round += 1) {
        // In turn, so that other load of the machine affects all of them.
        for (const { args, took } of [node, version, rendering]) took.push(await time(args, folder));
      }
      return [...compare(version, node, { atMost: 2.5 }), ...compare(rendering, node, { atMost: 5 })];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function sampled(what: string, args: readonly string[]): Sampled {
  return { what, args, took: [] };
}

/** bash's `time`, because Node does not report the processor time of a single child. */
async function time(args: readonly string[], home: string): Promise<Took> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null';
  const env = { PATH: process.env['PATH'], HOME: home };
  const { stderr } = await runToEnd('bash', ['-c', script, 'bash', process.execPath, ...args], { env, cwd: home });
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

function compare(sample: Sampled, anchor: Sampled, target: Target): Result[] {
  const row = (what: string, read: (took: Took) => number): Result => {
    const values = sample.took.map(read);
    const anchors = anchor.took.map(read);
    return {
      what: `${sample.what}, ${what}`,
      value: median(values),
      unit: 'ms',
      anchor: { what: anchor.what, value: median(anchors) },
      spread: middleHalf(ratios(values, anchors)),
      target,
    };
  };
  return [row('elapsed', ({ wallMs }) => wallMs), row('processor time', ({ cpuMs }) => cpuMs)];
}
