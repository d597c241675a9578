// Reports usage from the history of the configured clusters. Needs no server and no cluster.
import type { App } from '../assembly/app.ts';
import { readHistory } from '../history/read-history.ts';
import { createReport, type Report, type ReportKey } from '../history/report.ts';

/** @param since milliseconds since 1970 */
export async function reportUsage({ config, log }: App, by: ReportKey, since: number): Promise<Report> {
  const report = createReport(by);
  const onUnreadable = (file: string, lines: number): void =>
    log.warn('Skipped lines of the history that are damaged or of a newer version', { file, lines });
  for (const { stateDir } of config.settings.clusters) {
    for await (const attempt of readHistory(stateDir, { since, onUnreadable })) report.add(attempt);
  }
  return report.finish();
}
