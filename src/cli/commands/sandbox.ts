// `sandbox`: a small ClearML-compatible server on this machine, to try things with.
import type { Command } from '../command.ts';

/** Where a ClearML API server listens. */
const DEFAULT_PORT = 8008;

export const sandboxCommand: Command = {
  name: 'sandbox',
  describe: 'A small ClearML-compatible server, to try things with',
  options: {
    port: {
      type: 'string',
      requiresArg: true,
      describe: `The port to listen on (default ${DEFAULT_PORT}; 0: any free one)`,
    },
    host: {
      type: 'string',
      requiresArg: true,
      describe: 'The address to listen on (default 127.0.0.1: nobody but this machine)',
    },
    state: { type: 'string', requiresArg: true, describe: 'A file that keeps everything over restarts' },
  },
  async run(typed, around) {
    const { runSandbox } = await import('../deeds/run-sandbox.ts');
    return runSandbox(typed, around, { defaultPort: DEFAULT_PORT });
  },
};
