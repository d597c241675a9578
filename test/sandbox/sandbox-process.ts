// A sandbox in a process of its own, so that a test can kill it: prints where it is, then serves.
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';

const [stateFile = ''] = process.argv.slice(2);
const { url, accessKey, secretKey } = await createSandbox({ port: 0, clock: systemClock, stateFile });
process.stdout.write(`${JSON.stringify({ url, accessKey, secretKey })}\n`);
