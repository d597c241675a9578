// Without a subcommand: serve ClearML queues by submitting their tasks to Slurm.
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { PROGRAM } from '../spelling.ts';
import { stopCommand } from './stop.ts';
import { onlyOne, switchOption } from '../typed-options.ts';

export const daemonCommand: Command = {
  name: undefined,
  group: 'Run tasks',
  describe: 'Serve ClearML queues by submitting their tasks to Slurm',
  examples: [
    { commandLine: '--queue gpu --template-files gpu.template', effect: 'Serve one queue in the foreground' },
    {
      commandLine: '--queue gpu cpu --template-files gpu.template cpu.template',
      effect: 'Each queue by a template of its own',
    },
    {
      commandLine: '--queue gpu --template-files gpu.template --detached',
      effect: 'In the background, with a log in the state folder',
    },
    { commandLine: '--queue gpu --template-files gpu.template --ssh login1', effect: 'From a machine without Slurm' },
  ],
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Take from the queues in turn, not by priority' },
    'create-queue': { type: 'boolean', describe: 'Create queues that do not exist' },
    once: { type: 'boolean', describe: 'Do one round of everything, then exit' },
    detached: { type: 'boolean', describe: 'Run in the background, with a log in the state folder' },
    foreground: { type: 'boolean', describe: 'Run until it is stopped (the default)' },
    stop: { type: 'boolean', describe: 'Stop the daemon of this state folder; its jobs go on' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    if (Object.values(typed).every((value) => value === undefined)) {
      if (!(await hasTemplate(context))) {
        context.stderr(FIRST_STEPS);
        return EXIT.usage;
      }
    }
    switch (onlyOne(typed, ['foreground', 'detached', 'once', 'stop'])) {
      case 'detached':
        return await runInBackground(typed, context);
      case 'stop':
        return await stopCommand.run(typed, context);
      default:
        return await serve(typed, context);
    }
  },
};

const FIRST_STEPS =
  `No template yet: ${PROGRAM} init writes one for this cluster.\n` +
  `Something is in the way: ${PROGRAM} doctor says what.\n` +
  `All commands: ${PROGRAM} --help\n`;

/** @throws ConfigError */
async function hasTemplate(context: CommandContext): Promise<boolean> {
  const { readConfigured } = await import('../setting-options.ts');
  const { configuredTemplates } = await import('../../assembly/named-templates.ts');
  return configuredTemplates(readConfigured({}, context).config.settings).length > 0;
}

async function runInBackground(typed: ParsedArgs, context: CommandContext): Promise<number> {
  const { commonOptions } = await import('../setting-options.ts');
  const { detach } = await import('../../daemon/serve/detach.ts');
  const { printResult } = await import('../output.ts');
  const { pid, logFile, ended } = await detach(commonOptions(typed), context);
  if (ended === undefined) {
    printResult(
      context,
      `Started: process ${pid}. Its log is ${logFile}.\nSee its tasks with ${PROGRAM} status; end it with stop, or with drain once its jobs have ended.\n`,
    );
    return EXIT.ok;
  }
  const { exitCode = EXIT.failed, output } = ended;
  context.stderr(output);
  context.stderr(`${PROGRAM}: the daemon has ended with exit code ${exitCode}. Its log is ${logFile}.\n`);
  return exitCode;
}

/** What handles the daemon's end is loaded at its start: by then an upgrade may have replaced its files. */
async function serve(typed: ParsedArgs, context: CommandContext): Promise<number> {
  const [daemon, { commonOptions }] = await Promise.all([
    import('../../daemon/serve/serve.ts'),
    import('../setting-options.ts'),
    import('../explain.ts'),
  ]);
  const once = switchOption(typed, 'once') ?? false;
  const createQueues = switchOption(typed, 'create-queue') ?? false;
  const end = await daemon.serve({ ...commonOptions(typed), once, createQueues }, context);
  return end === 'unfinished' ? EXIT.tryAgain : EXIT.ok;
}
