// Runs the sandbox until it is told to stop, and says how to use it.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { createSandbox } from '../../sandbox/clearml/server.ts';
import { formatFirstTaskLines, formatReadyConf } from '../../sandbox/clearml/ready-conf.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { numberOption, textOption } from '../typed-options.ts';

/** @throws NotASnapshot, PortTaken */
export async function runSandbox(
  typed: Typed,
  { workingDir, stdout, stderr, stop }: Surroundings,
  { defaultPort }: { readonly defaultPort: number },
): Promise<number> {
  const state = textOption(typed, 'state');
  const host = textOption(typed, 'host');
  const sandbox = await createSandbox({
    port: numberOption(typed, 'port', 0) ?? defaultPort,
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
}
