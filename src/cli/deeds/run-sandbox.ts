// Runs the sandbox until it is told to stop, hands over its configuration, and says how to use it.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { formatFirstTaskLines, formatReadyConf } from '../../sandbox/ready-conf.ts';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';
import { PortInUseError } from '../../sandbox/start-errors.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { describeReach } from '../sandbox-reach.ts';
import { numberOption, switchOption, textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';
import { writeNewConfig } from '../write-new-config.ts';

const HIGHEST_PORT = 65_535;

/** @throws UsageError, InvalidSnapshotError, PortInUseError, ListenError */
export async function runSandbox(
  typed: Typed,
  context: CommandContext,
  { defaultPort }: { readonly defaultPort: number },
): Promise<number> {
  const configFile = textOption(typed, 'write-config');
  const overwrite = switchOption(typed, 'overwrite') ?? false;
  if (overwrite && configFile === undefined) throw new UsageError('--overwrite goes with --write-config FILE.');
  const { sandbox, isElsewhere } = await listen(typed, context, defaultPort);
  try {
    const conf = formatReadyConf(sandbox, resolve(context.workingDir, 'files'));
    const written =
      configFile === undefined
        ? undefined
        : await writeNewConfig(resolve(context.workingDir, configFile), conf, { overwrite });
    if (written === undefined) context.stdout(conf);
    tell(context, sandbox, {
      written,
      instead: isElsewhere ? defaultPort : undefined,
      host: textOption(typed, 'host'),
    });
    if (!context.stop.aborted) await once(context.stop, 'abort');
    return EXIT.ok;
  } finally {
    await sandbox.close();
  }
}

/** Where the usual port is taken and nobody has named one, on any that is free. */
async function listen(
  typed: Typed,
  { workingDir }: CommandContext,
  defaultPort: number,
): Promise<{ readonly sandbox: Sandbox; readonly isElsewhere: boolean }> {
  const state = textOption(typed, 'state');
  const host = textOption(typed, 'host');
  const port = numberOption(typed, 'port', 0);
  if (port !== undefined && port > HIGHEST_PORT)
    throw new UsageError(`--port is at most ${HIGHEST_PORT}, not ${port}.`);
  const options = {
    ...(host === undefined ? {} : { host }),
    ...(state === undefined ? {} : { stateFile: resolve(workingDir, state) }),
    clock: systemClock,
  };
  try {
    return { sandbox: await createSandbox({ ...options, port: port ?? defaultPort }), isElsewhere: false };
  } catch (error) {
    if (!(error instanceof PortInUseError) || port !== undefined) throw error;
    return { sandbox: await createSandbox({ ...options, port: 0 }), isElsewhere: true };
  }
}

interface Told {
  /** The file with its configuration; undefined where that was printed. */
  readonly written: string | undefined;
  /** The port that was taken. */
  readonly instead: number | undefined;
  readonly host: string | undefined;
}

function tell({ stderr }: CommandContext, sandbox: Sandbox, { written, instead, host }: Told): void {
  const taken = instead === undefined ? '' : `, as port ${instead} is taken`;
  const lines = [`The sandbox listens on ${sandbox.url}${taken}.`];
  const reach = describeReach(sandbox, host);
  if (reach !== undefined) lines.push(reach);
  if (written === undefined) {
    lines.push(
      'Its clearml.conf was printed to standard output. It holds keys: with --write-config FILE it goes into a file that only you can read.',
    );
  } else {
    lines.push(
      `${written} has its address and its keys, and only you can read it.`,
      'To enqueue a first task into the queue "default":',
      ...formatFirstTaskLines(sandbox, written, 'default').map((line) => `  ${line}`),
    );
  }
  stderr([...lines, 'Ctrl-C ends it.', ''].join('\n'));
}
