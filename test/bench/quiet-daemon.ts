// A daemon as a process of its own, with default settings and as many jobs as its argument says, of which there is no news.
import { start } from '../daemon/run-daemon.ts';
import { createQuietWorld } from './quiet-world.ts';

const daemon = start(createQuietWorld(Number(process.argv[2])).deps);
process.once('SIGTERM', () => daemon.stop());
await daemon.ended;
