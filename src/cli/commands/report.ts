// `report`: prints who used how much, how long tasks waited, and how they ended.
import { EXIT } from '../../base/exit-codes.ts';
import { onlyOne, spanOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';
import type { UsageKey } from '../../history/sum-usage.ts';

const REPORT_KEYS: readonly UsageKey[] = ['user', 'queue', 'project', 'template', 'cluster'];
const MONTH_MS = 30 * 24 * 3_600_000;

export const reportCommand: Command = {
  name: 'report',
  group: 'Operate',
  describe: 'Show what tasks used, how long they waited and how they ended, by user, queue or project',
  examples: [
    { commandLine: 'report', effect: 'Show the last 30 days by user' },
    { commandLine: 'report --since 7d --by project', effect: 'Show the last week by project' },
    { commandLine: 'report --since 365d --csv > usage.csv', effect: 'Save the last year as CSV, for a spreadsheet' },
  ],
  options: {
    since: {
      value: 'TIME',
      type: 'string',
      describe: 'Show tasks that ended in the last TIME, such as 12h, 7d or 365d (default: 30d)',
    },
    by: { value: 'WHAT', type: 'string', choices: REPORT_KEYS, describe: 'What to group the tasks by (default: user)' },
    json: { type: 'boolean', describe: 'Print JSON' },
    csv: { type: 'boolean', describe: 'Print CSV' },
    cluster: CLUSTER_OPTIONS.cluster,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { withApp } = await import('../with-app.ts');
    const { systemClock } = await import('../../base/clock.ts');
    const { sumUsage } = await import('../../history/sum-usage.ts');
    const { usageCsv, usageDocument, usageText } = await import('../format-usage.ts');
    const format = onlyOne(typed, ['json', 'csv']);
    const key = textOption(typed, 'by');
    const by = REPORT_KEYS.find((one) => one === key) ?? 'user';
    const until = systemClock.now();
    const since = until - (spanOption(typed, 'since') ?? MONTH_MS);
    return withApp(typed, context, async (app) => {
      const { clusters } = app.config.settings;
      const report = await sumUsage(
        clusters.map(({ stateDir }) => stateDir),
        {
          by,
          since,
          onUnreadable: (file, lines) =>
            app.log.warn('Skipped history lines that are damaged or that a newer version wrote', { file, lines }),
          onDamaged: (err) =>
            app.log.warn('Skipped a damaged history file: restore it from a backup, or delete it', { err }),
        },
      );
      const period = { since, until };
      if (format === 'json') context.stdout(`${JSON.stringify(usageDocument(report, period), undefined, 2)}\n`);
      else if (format === 'csv') context.stdout(usageCsv(report));
      else context.stdout(usageText(report, period, context.terminalSize?.().columns));
      return EXIT.ok;
    });
  },
};
