// One whole round of the daemon, without a lock.
import { runDaemon } from '../../src/glue/daemon.ts';
import type { Glue } from '../../src/glue/glue.ts';

export async function runOneRound(glue: Glue): Promise<void> {
  await runDaemon(glue, {
    pace: { lookMs: 15_000, queueMs: 5_000 },
    once: true,
    stop: new AbortController().signal,
    lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
  });
}
