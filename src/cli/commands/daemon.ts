// Without a subcommand: the daemon, which serves ClearML queues.
import type { OpenWeb } from '../../daemon/serve/serve-and-reload.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import type { FirstRunFacts } from '../help-text.ts';
import { COMMON_OPTIONS, HTTP_OPTION, QUEUE_OPTIONS, PROGRAM } from '../common-options.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { stopCommand } from './stop.ts';
import { isOn, onlyOne } from '../typed-options.ts';

export const daemonCommand: Command = {
  name: undefined,
  group: 'Run tasks',
  describe: 'Serve ClearML queues: run their tasks as Slurm jobs',
  examples: [
    { commandLine: '--queue gpu --template-files gpu.template', effect: 'Serve one queue in the foreground' },
    {
      commandLine: '--queue gpu cpu --template-files gpu.template cpu.template',
      effect: 'Serve two queues, each with its own template',
    },
    {
      commandLine: '--queue gpu --template-files gpu.template --detached',
      effect: 'Serve in the background; the log is in the state directory',
    },
    {
      commandLine: '--queue gpu --template-files gpu.template --ssh login1',
      effect: 'Serve from a machine without Slurm',
    },
  ],
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Claim tasks from the queues in turn, not by priority' },
    'create-queue': { type: 'boolean', describe: 'Create the queues that do not exist' },
    once: { type: 'boolean', describe: 'Make one pass over the queues and jobs, then exit' },
    detached: { type: 'boolean', describe: 'Run in the background; the log is in the state directory' },
    foreground: { type: 'boolean', describe: 'Run in the foreground (default)' },
    http: HTTP_OPTION,
    stop: { type: 'boolean', describe: 'Stop the daemon of this state directory; its jobs keep running' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    if (Object.values(typed).every((value) => value === undefined)) {
      const settings = await firstRunFacts(context);
      if (settings !== undefined) {
        const { firstRunText } = await import('../help-text.ts');
        context.stderr(firstRunText(settings));
        return EXIT.usage;
      }
    }
    switch (onlyOne(typed, ['foreground', 'detached', 'once', 'stop'])) {
      case 'detached':
        return await runInBackground(typed, context);
      case 'stop':
        return await stopCommand.run(typed, context);
      default:
        return await runInForeground(typed, context);
    }
  },
};

/**
 * Undefined if a template is configured.
 * @throws ConfigError
 */
async function firstRunFacts(context: CommandContext): Promise<FirstRunFacts | undefined> {
  const { readConfigured } = await import('../setting-options.ts');
  const { configuredTemplates } = await import('../../assembly/read-named-files.ts');
  const { executableOnPath } = await import('../own-command-line.ts');
  const { mainFiles, settings } = readConfigured({}, context).config;
  if (configuredTemplates(settings).length > 0) return undefined;
  const { apiServer, accessKey, secretKey, authToken } = settings.api;
  return {
    configFile: mainFiles.at(-1),
    apiServer,
    hasKeys: authToken !== undefined || (accessKey !== undefined && secretKey !== undefined),
    sbatch: executableOnPath('sbatch', context.environment['PATH'] ?? ''),
  };
}

async function runInBackground(typed: ParsedArgs, context: CommandContext): Promise<number> {
  const { readConfigured } = await import('../setting-options.ts');
  const { detach, SERVING_TIMEOUT_MS } = await import('../../daemon/serve/detach.ts');
  const { printResult } = await import('../print-output.ts');
  const { pid, logFile, state } = await detach(readConfigured(typed, context));
  if (state.kind !== 'serving') context.stderr(state.output);
  if (state.kind === 'ended') {
    const { exitCode = EXIT.failed } = state;
    context.stderr(`${PROGRAM}: the daemon exited with code ${exitCode}. Its log is ${logFile}.\n`);
    return exitCode;
  }
  const started =
    state.kind === 'serving'
      ? `Started the daemon (process ${pid}); its log is ${logFile}.`
      : `The daemon (process ${pid}) runs, but has not served its queues within ${SERVING_TIMEOUT_MS / 1000} s. The daemon keeps trying; its log is ${logFile}.`;
  printResult(
    context,
    `${started}\nTo see the tasks, run ${PROGRAM} status. To end the daemon, run ${PROGRAM} stop or drain.\n`,
  );
  return EXIT.ok;
}

/** What handles the daemon's end is loaded at its start: by then an upgrade may have replaced its files. */
async function runInForeground(typed: ParsedArgs, context: CommandContext): Promise<number> {
  const [{ serve }, { commonOptions }] = await Promise.all([
    import('../../daemon/serve/serve-and-reload.ts'),
    import('../setting-options.ts'),
    import('../explain-error.ts'),
  ]);
  const once = isOn(typed, 'once');
  const createQueues = isOn(typed, 'create-queue');
  const openWeb: OpenWeb = async (app, monitor) => (await import('../../web/serve-web.ts')).serveWeb(app, monitor);
  const end = await serve({ ...commonOptions(typed), once, createQueues, openWeb }, context);
  return end === 'unfinished' ? EXIT.tryAgain : EXIT.ok;
}
