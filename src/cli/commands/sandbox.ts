// `sandbox`: a small ClearML-compatible server on this machine, to try things with.
import type { Command } from '../command.ts';

/** Where a ClearML API server listens. */
const DEFAULT_PORT = 8008;

export const sandboxCommand: Command = {
  name: 'sandbox',
  group: 'Begin',
  describe: 'A small ClearML-compatible server, to try things with',
  examples: [
    { words: 'sandbox', does: 'A server that forgets everything when it ends' },
    { words: 'sandbox --state tasks.json', does: 'One that keeps it' },
  ],
  options: {
    port: {
      value: 'PORT',
      type: 'string',
      describe: `The port to listen on (default: ${DEFAULT_PORT}), 0 for any free one`,
    },
    host: {
      value: 'ADDRESS',
      type: 'string',
      describe: 'The address to listen on (default: 127.0.0.1, for this machine only)',
    },
    state: { value: 'FILE', type: 'string', describe: 'A file that keeps everything over restarts' },
  },
  async run(typed, around) {
    const { runSandbox } = await import('../deeds/run-sandbox.ts');
    return runSandbox(typed, around, { defaultPort: DEFAULT_PORT });
  },
};
