// Runs a daemon with default settings and a given number of unchanged jobs, as a separate process.
import { startDaemon } from '../daemon/run-daemon.ts';
import { createQuietWorld } from './quiet-world.ts';

const daemon = startDaemon(createQuietWorld(Number(process.argv[2])).deps);
process.once('SIGTERM', () => daemon.stop());
await daemon.ended;
