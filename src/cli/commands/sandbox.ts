// `sandbox`: a small ClearML-compatible server on this machine, to try things with.
import { EXIT } from '../../base/exit-codes.ts';
import { numberOption, switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';

/** Where a ClearML API server listens. */
const DEFAULT_PORT = 8008;

export const sandboxCommand: Command = {
  name: 'sandbox',
  group: 'Begin',
  describe: 'A small ClearML-compatible server, to try things with',
  examples: [
    {
      commandLine: 'sandbox --write-config clearml.conf',
      effect: 'A server that forgets everything when it ends',
    },
    { commandLine: 'sandbox --state tasks.json', effect: 'One that keeps it, and prints its clearml.conf' },
  ],
  options: {
    'write-config': {
      value: 'FILE',
      type: 'string',
      describe: 'A new file for its clearml.conf, which only you can read (default: print it)',
    },
    overwrite: { type: 'boolean', describe: 'Let --write-config replace a file that is there' },
    host: {
      value: 'ADDRESS',
      type: 'string',
      describe: 'The address to listen on (default: 127.0.0.1, for this machine only)',
    },
    port: {
      value: 'PORT',
      type: 'string',
      describe: `The port to listen on (default: ${DEFAULT_PORT}, or any free one), 0 for any free one`,
    },
    state: { value: 'FILE', type: 'string', describe: 'A file that keeps everything over restarts' },
  },
  async run(typed, context) {
    const { runSandbox } = await import('../../sandbox/run-sandbox.ts');
    const options = {
      host: textOption(typed, 'host'),
      port: numberOption(typed, 'port', 0),
      defaultPort: DEFAULT_PORT,
      stateFile: textOption(typed, 'state'),
      configFile: textOption(typed, 'write-config'),
      overwrite: switchOption(typed, 'overwrite') ?? false,
    };
    await runSandbox(options, context);
    return EXIT.ok;
  },
};
