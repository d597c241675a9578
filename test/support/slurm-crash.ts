// Retries a test once if one of Slurm's daemons crashed under it, which is a bug of Slurm: slurmd 22.05 sometimes dies of SIGSEGV in malloc.
import { spawnSync } from 'node:child_process';

/** A bug of the program raises these signals. Tests send others. */
const CRASH_SIGNALS: readonly string[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'];

/** The reporter finds it in the property `crash` of the test that is retried. */
export interface Crash {
  readonly summary: string;
  /** The summary, the kernel's message and the end of the log. */
  readonly details: string;
}

let runningTest: Mocha.Runnable | undefined;
const restarts: (() => Promise<void>)[] = [];

export function isCrash(signal: NodeJS.Signals | null): signal is NodeJS.Signals {
  return signal !== null && CRASH_SIGNALS.includes(signal);
}

/** Has the running test retried if it fails, and the daemon restarted before the next test begins. */
export function retryAfterCrash(
  daemon: { readonly name: string; readonly program: string; readonly pid: number; readonly log: string },
  signal: NodeJS.Signals,
  restart: () => Promise<void>,
): void {
  restarts.push(restart);
  const { name, program, pid, log } = daemon;
  const summary = `${program} died by ${signal}`;
  const who = name === program ? summary : `${name}: ${summary}`;
  const crash: Crash = { summary, details: [who, ...kernelMessages(pid), log].join('\n') };
  process.stderr.write(`${crash.details}\n`);
  runningTest?.retries(1);
  if (runningTest !== undefined) Reflect.set(runningTest, 'crash', crash);
}

/** Where it crashed, if this user may read the kernel's messages: there is neither a core nor a debugger. */
function kernelMessages(pid: number): readonly string[] {
  const { status, stdout } = spawnSync('dmesg', { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return status === 0 ? stdout.split('\n').filter((line) => line.includes(`[${pid}]`)) : [];
}

export const mochaHooks = {
  async beforeEach(this: Mocha.Context): Promise<void> {
    // A hook that throws would end the whole lane; the next test fails by itself if it needs the daemon.
    for (const restart of restarts.splice(0))
      await restart().catch((error: unknown) => process.stderr.write(`not restarted: ${String(error)}\n`));
    runningTest = this.currentTest;
  },
  afterEach(): void {
    runningTest = undefined;
  },
};
