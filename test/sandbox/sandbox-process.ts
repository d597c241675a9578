// Runs a sandbox as a separate process, so that a test can kill it; prints its address.
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';

const [stateFile = ''] = process.argv.slice(2);
const { url, accessKey, secretKey } = await createSandbox({ port: 0, clock: systemClock, stateFile });
process.stdout.write(`${JSON.stringify({ url, accessKey, secretKey })}\n`);
