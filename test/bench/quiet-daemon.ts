// A daemon as a process of its own, with default settings and as many jobs as its argument says, of which there is no news.
import { runDaemon } from '../../src/glue/daemon.ts';
import { createQuietWorld } from './quiet-world.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await runDaemon(createQuietWorld(Number(process.argv[2])).glue, {
  pace: { lookMs: 15_000, queueMs: 5_000 },
  once: false,
  stop: stop.signal,
  lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
});
