// `status`: shows waiting, active and recently ended tasks.
import { EXIT } from '../../base/exit-codes.ts';
import { painter } from '../../base/terminal-colors.ts';
import { UsageError } from '../../base/usage-error.ts';
import { bareNumberOption, spanOption, switchOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

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
  ],
  options: {
    watch: {
      value: '[SECONDS]',
      type: 'string',
      isValueOptional: true,
      describe: 'Refresh until Ctrl-C (default: at the poll interval of the daemon)',
    },
    since: {
      value: 'TIME',
      type: 'string',
      describe: 'Show tasks that ended in the last TIME, such as 30m, 2h or 3d (default: 1h)',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { withApp } = await import('../with-app.ts');
    const { withStatus } = await import('../../tasks/status-of-all-clusters.ts');
    const { statusDocument, statusHead, statusText } = await import('../format-status.ts');
    const { watch } = await import('../watched-screen.ts');
    const isJson = switchOption(typed, 'json') ?? false;
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
