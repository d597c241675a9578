// `npm run bench`: measures the figures of docs/performance.md; `--only NAME` for one of them, `--json` for JSON output.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { buildProgram, type BuiltProgram } from './build-program.ts';
import { callsAMinute } from './figures/calls-a-minute.ts';
import { confParsing } from './figures/conf-parsing.ts';
import { isMet, ratioOf, type Figure, type Tools } from './figure.ts';
import { daemonWithJobs } from './figures/daemon-with-jobs.ts';
import { endedJobs } from './figures/ended-jobs.ts';
import { firstTask } from './figures/first-task.ts';
import { reconcilePass } from './figures/reconcile-pass.ts';
import { idleDaemon } from './figures/idle-daemon.ts';
import { journalAppends } from './figures/journal-appends.ts';
import { historyYear } from './figures/history-year.ts';
import { longJournal } from './figures/long-journal.ts';
import { recovery } from './figures/recovery.ts';
import { rendering } from './figures/rendering.ts';
import { statusPage } from './figures/status-page.ts';
import { serverCost } from './figures/server-cost.ts';
import { sshCommands } from './figures/ssh-commands.ts';
import { startUp } from './figures/start-up.ts';
import { formatTable, type Row } from './table.ts';
import { tasksASecond } from './figures/tasks-a-second.ts';
import { tasksBySsh } from './figures/tasks-by-ssh.ts';
import { tasksOnTwoClusters } from './figures/tasks-on-two-clusters.ts';

/** The quick ones first. */
const FIGURES: readonly Figure[] = [
  startUp,
  confParsing,
  rendering,
  reconcilePass,
  statusPage,
  serverCost,
  journalAppends,
  longJournal,
  historyYear,
  tasksASecond,
  tasksBySsh,
  tasksOnTwoClusters,
  firstTask,
  endedJobs,
  sshCommands,
  recovery,
  idleDaemon,
  daemonWithJobs,
  callsAMinute,
];

const { values: typed } = parseArgs({
  options: { only: { type: 'string', multiple: true, default: [] }, json: { type: 'boolean', default: false } },
});
const names = FIGURES.map(({ name }) => name);
const unknown = typed.only.find((name) => !names.includes(name));

if (unknown === undefined)
  await measure(FIGURES.filter(({ name }) => typed.only.length === 0 || typed.only.includes(name)));
else {
  process.stderr.write(`There is no figure "${unknown}": there are ${names.join(', ')}.\n`);
  process.exitCode = 2;
}

async function measure(figures: readonly Figure[]): Promise<void> {
  const loadBefore = load();
  let built: Promise<BuiltProgram> | undefined;
  try {
    const rows = await measureEach(figures, {
      program: async () => (await (built ??= buildProgram())).path,
      say: (what) => process.stderr.write(`  ${what}\n`),
    });
    report(rows, {
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? '',
      node: process.version,
      loadBefore,
      loadAfter: load(),
    });
  } finally {
    await built?.then(
      (program) => program[Symbol.asyncDispose](),
      () => undefined,
    );
  }
}

/** A failed measurement does not prevent the report of the others. */
async function measureEach(figures: readonly Figure[], tools: Tools): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, measure: measureIt } of figures) {
    process.stderr.write(`${name}\n`);
    try {
      for (const result of await measureIt(tools)) rows.push({ figure: name, ...result });
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`${name} could not be measured: ${why}\n`);
      process.exitCode = 1;
    }
  }
  return rows;
}

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly loadBefore: number;
  readonly loadAfter: number;
}

function report(rows: readonly Row[], machine: Machine): void {
  if (typed.json) {
    const results = rows.map((row) => ({ ...row, ratio: ratioOf(row), met: isMet(row) }));
    process.stdout.write(`${JSON.stringify({ machine, results }, null, 2)}\n`);
    return;
  }
  const { cores, cpu, node, loadBefore, loadAfter } = machine;
  process.stdout.write(
    `${formatTable(rows)}\n${cores} cores (${cpu}), Node ${node}, load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after.\n`,
  );
}

/** The load average of the last minute: above the number of cores, processes delayed each other. */
function load(): number {
  return loadavg()[0] ?? 0;
}
