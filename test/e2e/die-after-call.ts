// Runs one pass of the daemon and kills the process with SIGKILL right after one of its outside calls.
//   die-after-call.ts NUMBER TEMPLATE QUEUE
// Calls are those to ClearML, Slurm's commands, and writes to the journal. What is after one call is before the next.
import { writeSync } from 'node:fs';
import { runDaemon } from '../../src/daemon/reconcile-loop.ts';
import { assembleDaemon } from '../support/assembled-daemon.ts';

const [number, template, queue] = process.argv.slice(2);
let calls = 0;

/** The same object, whose functions count their calls and may be the last thing this process does. */
function mortal<T extends object>(room: T): T {
  return new Proxy(room, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (member instanceof Map) return member;
      if (typeof member === 'object' && member !== null) return mortal(member);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]): Promise<unknown> => {
        calls += 1;
        const isLast = calls === Number(number);
        const result: unknown = await Reflect.apply(member, target, given);
        if (isLast) die(String(name));
        return result;
      };
    },
  });
}

/** Nothing is flushed, closed or logged after this. */
function die(after: string): void {
  writeSync(process.stderr.fd, `died after call ${calls}: ${after}\n`);
  process.kill(process.pid, 'SIGKILL');
}

const typed = { 'template-files': [template], queue: [queue] };
const stop = new AbortController().signal;
const { deps, lock, close } = await assembleDaemon(typed, stop);
const mortals = { clearml: mortal(deps.clearml), scheduler: mortal(deps.scheduler), journal: mortal(deps.journal) };
const options = { intervals: { pollMs: 1000, queueMs: 1000 }, once: true, stop, lock };
await runDaemon({ ...deps, ...mortals }, options);
await close();
