// `sandbox`: runs a small ClearML-compatible server.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, numberOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';

/** The port of a ClearML API server. */
const DEFAULT_PORT = 8008;

export const sandboxCommand: Command = {
  name: 'sandbox',
  group: 'Set up',
  describe: 'Run a small ClearML-compatible server for tests',
  examples: [
    {
      commandLine: 'sandbox --write-config clearml.conf',
      effect: 'Run a server that loses its data when it stops',
    },
    { commandLine: 'sandbox --state tasks.json', effect: 'Keep the data in a file; print clearml.conf' },
    { commandLine: 'sandbox --latency real', effect: 'Respond as slowly as a real ClearML server' },
  ],
  options: {
    'write-config': {
      value: 'FILE',
      type: 'string',
      describe: 'Write clearml.conf to this new file, readable only by you (default: print clearml.conf)',
    },
    overwrite: { type: 'boolean', describe: 'Let --write-config replace an existing file' },
    host: {
      value: 'ADDRESS',
      type: 'string',
      describe: 'Address to listen on (default: 127.0.0.1, this machine only)',
    },
    port: {
      value: 'PORT',
      type: 'string',
      describe: `Port to listen on, 0 for any free port (default: ${DEFAULT_PORT} if it is free, else any free port)`,
    },
    state: { value: 'FILE', type: 'string', describe: 'File that keeps the data across restarts' },
    latency: {
      value: 'NAME',
      type: 'string',
      choices: ['real'],
      describe: 'Respond to each call as slowly as a real ClearML server (default: at once)',
    },
  },
  async run(typed, context) {
    const { runSandbox } = await import('../../sandbox/run-sandbox.ts');
    const options = {
      host: textOption(typed, 'host'),
      port: numberOption(typed, 'port', 0),
      defaultPort: DEFAULT_PORT,
      stateFile: textOption(typed, 'state'),
      latency: textOption(typed, 'latency') === undefined ? undefined : ('real' as const),
      configFile: textOption(typed, 'write-config'),
      overwrite: isOn(typed, 'overwrite'),
    };
    await runSandbox(options, context);
    return EXIT.ok;
  },
};
