// `status`: shows waiting, active and recently ended tasks.
import { CHECK_EXIT, EXIT } from '../../base/exit-codes.ts';
import { painter } from '../../base/terminal-text.ts';
import { UsageError } from '../../base/usage-error.ts';
import { bareNumberOption, isOn, spanOption } from '../typed-options.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';
import { messageOf } from '../../base/error-message.ts';

const HOUR_MS = 3_600_000;

export const statusCommand: Command = {
  name: 'status',
  group: 'Operate',
  describe: 'Show waiting, active and recently ended tasks',
  examples: [
    { commandLine: 'status', effect: 'Show all tasks' },
    { commandLine: 'status --watch', effect: 'Refresh until Ctrl-C' },
    { commandLine: 'status --watch 2 --since 1d', effect: 'Refresh every 2 s; show tasks that ended in the last day' },
    { commandLine: 'status --json', effect: 'Print JSON' },
    { commandLine: 'status --check', effect: 'Check the daemon, as a Nagios plugin does' },
  ],
  options: {
    watch: {
      value: '[SECONDS]',
      type: 'string',
      isValueOptional: true,
      describe: 'Refresh every SECONDS until Ctrl-C (default: the poll interval of the daemon)',
    },
    since: {
      value: 'TIME',
      type: 'string',
      describe: 'Show tasks that ended in the last TIME, such as 30m, 2h or 3d (default: 1h)',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
    check: {
      type: 'boolean',
      describe: 'Print one line on the health of the daemon, and exit as a Nagios plugin: 0, 1, 2 or 3',
    },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { withApp } = await import('../with-app.ts');
    const { withStatus } = await import('../../daemon/status/collect-status.ts');
    const { statusDocument, statusHead, statusText } = await import('../format-status.ts');
    const { watch } = await import('../watched-screen.ts');
    const isJson = isOn(typed, 'json');
    if (isOn(typed, 'check')) return check(typed, context);
    if (typed['watch'] !== undefined && isJson) throw new UsageError('Give either --watch or --json.');
    const endedSinceMs = spanOption(typed, 'since') ?? HOUR_MS;
    const paint = painter(context);
    return withApp(typed, context, async (app) => {
      const pollSec = app.config.settings.slurm.pollIntervalMs / 1000;
      const watchSec = bareNumberOption(typed, 'watch', 1, pollSec);
      return withStatus(app, endedSinceMs, async (collect) => {
        if (watchSec !== undefined) {
          await watch(context, watchSec * 1000, async () => {
            const seen = await collect();
            const head = statusHead(watchSec * 1000);
            return ({ columns }) => head + statusText(seen, { paint, columns });
          });
          return EXIT.ok;
        }
        const seen = await collect();
        const columns = context.terminalSize?.().columns ?? Infinity;
        context.stdout(
          isJson ? `${JSON.stringify(statusDocument(seen), undefined, 2)}\n` : statusText(seen, { paint, columns }),
        );
        const isComplete = seen.every((one) => (one.clearmlError ?? one.slurmError) === undefined);
        return isComplete ? EXIT.ok : EXIT.unavailable;
      });
    });
  },
};

/** Asks neither ClearML nor Slurm. Whatever goes wrong is the state UNKNOWN, as another exit code has no meaning for Nagios. */
async function check(typed: ParsedArgs, context: CommandContext): Promise<number> {
  if (['watch', 'json', 'since'].some((option) => typed[option] !== undefined))
    throw new UsageError('--check cannot be combined with --watch, --json or --since.');
  const { readConfigured } = await import('../setting-options.ts');
  const { checkDaemons, oneLine } = await import('../../daemon/status/check-daemons.ts');
  try {
    const { state, line } = await checkDaemons(readConfigured(typed, context));
    context.stdout(`${line}\n`);
    return CHECK_EXIT[state];
  } catch (error) {
    context.stdout(`UNKNOWN: ${oneLine(messageOf(error))}\n`);
    return CHECK_EXIT.unknown;
  }
}
