// Measures the history of a year with 1,000 tasks a day: its size, and how long a report of it takes.
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { formatAttempt, type EndedAttempt } from '../../../src/history/ended-attempt.ts';
import { historyDir, monthFile, monthOf } from '../../../src/history/history-file-names.ts';
import { readHistory } from '../../../src/history/read-history.ts';
import { createUsageSum } from '../../../src/history/sum-usage.ts';
import { tidyHistory } from '../../../src/history/write-history.ts';
import { ATTEMPT } from '../../history/attempts.ts';
import type { Figure } from '../figure.ts';
import { median } from '../samples.ts';

const DAYS = 365;
const TASKS_A_DAY = 1_000;
const TASKS = DAYS * TASKS_A_DAY;
const DAY_MS = 24 * 3_600_000;
const END = Date.UTC(2026, 10, 30);
const ROUNDS = 3;

export const historyYear: Figure = {
  name: 'history-year',
  async measure({ say }) {
    const stateDir = await mkdtemp(join(tmpdir(), 'history-'));
    try {
      say(`writing ${TASKS} tasks`);
      await writeYear(historyDir(stateDir));
      const plain = await sizeOf(historyDir(stateDir));
      await tidyHistory(historyDir(stateDir), END);
      const compressed = await sizeOf(historyDir(stateDir));
      const parsing: number[] = [];
      const reporting: number[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        say(`round ${round} of ${ROUNDS}`);
        parsing.push(timeOfParsing());
        reporting.push(await timeOfReport(stateDir));
      }
      const anchor = { what: 'JSON.parse of as many lines', value: median(parsing) };
      return [
        { what: 'size of a year', value: compressed / 1e6, unit: 'MB', target: { atMost: 60 } },
        {
          what: 'compressed months',
          value: compressed / TASKS,
          unit: 'bytes a task',
          anchor: { what: 'as written', value: plain / TASKS },
          target: { atMost: 0.5 },
        },
        { what: 'report of a year', value: median(reporting), unit: 's', anchor, target: { atMost: 15 } },
      ];
    } finally {
      await rm(stateDir, { recursive: true });
    }
  },
};

/** An attempt as the daemon records it first, and then with the figures of accounting: ids and tokens differ, names repeat. */
function linesOf(index: number): string {
  const recordedAt = END - DAYS * DAY_MS + Math.floor((index / TASKS) * DAYS * DAY_MS);
  const digest = createHash('md5').update(String(index)).digest('hex');
  const whole: EndedAttempt = {
    ...ATTEMPT,
    task: digest,
    attempt: `lq2x0a9c${digest.slice(0, 8)}`,
    job: String(100_000 + index),
    recordedAt,
    userId: digest.slice(-2).repeat(16),
    userName: `user ${digest.slice(-2)}`,
    project: `project ${digest.slice(4, 6)}`,
    enqueuedAt: recordedAt - 5_400_000 - (index % 977) * 1_000,
    submittedAt: recordedAt - 5_000_000,
    startedAt: recordedAt - 3_600_000,
    endedAt: recordedAt,
    usedCpuSec: 7_000 + (index % 1_009) / 1_000,
    usedMemoryMb: 3_000 + (index % 997),
  };
  const first: EndedAttempt = { ...whole, cpuSec: undefined, gpuSec: undefined, usedCpuSec: undefined };
  return `${formatAttempt(first)}\n${formatAttempt(whole)}\n`;
}

async function writeYear(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const months = new Map<string, string[]>();
  for (let index = 0; index < TASKS; index += 1) {
    const month = monthOf(END - DAYS * DAY_MS + Math.floor((index / TASKS) * DAYS * DAY_MS));
    const lines = months.get(month) ?? [];
    months.set(month, lines);
    lines.push(linesOf(index));
  }
  for (const [month, lines] of months) await writeFile(monthFile(folder, month), lines.join(''));
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function timeOfReport(stateDir: string): Promise<number> {
  const began = performance.now();
  const report = createUsageSum('user');
  for await (const attempt of readHistory(stateDir)) report.add(attempt);
  const { tasks } = report.finish().total;
  if (tasks !== TASKS) throw new Error(`the report has ${tasks} tasks, not ${TASKS}`);
  return (performance.now() - began) / 1000;
}

function timeOfParsing(): number {
  const line = formatAttempt(ATTEMPT);
  const began = performance.now();
  for (let index = 0; index < TASKS; index += 1) JSON.parse(line);
  return (performance.now() - began) / 1000;
}
