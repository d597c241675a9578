// `sandbox`: a small ClearML-compatible server on this machine, to try things with.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { createSandbox } from '../../sandbox/clearml/server.ts';
import { formatFirstTaskLines, formatReadyConf } from '../../sandbox/clearml/ready-conf.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { numberOption, textOption } from '../typed-options.ts';

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
  async run(typed, { workingDir, stdout, stderr, stop }) {
    const state = textOption(typed, 'state');
    const host = textOption(typed, 'host');
    const sandbox = await createSandbox({
      port: numberOption(typed, 'port', 0) ?? DEFAULT_PORT,
      ...(host === undefined ? {} : { host }),
      ...(state === undefined ? {} : { stateFile: resolve(workingDir, state) }),
      clock: systemClock,
    });
    stdout(formatReadyConf(sandbox, resolve(workingDir, 'files')));
    stderr(
      [
        `The sandbox listens on ${sandbox.url}. Its clearml.conf was printed to standard output; put it into ~/clearml.conf or name it with --config-file.`,
        'To enqueue a first task into the queue "default":',
        ...formatFirstTaskLines(sandbox, 'default').map((line) => `  ${line}`),
        'Ctrl-C ends it.',
        '',
      ].join('\n'),
    );
    if (!stop.aborted) await once(stop, 'abort');
    await sandbox.close();
    return EXIT.ok;
  },
};
