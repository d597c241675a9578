// Loads the configuration and the templates, and opens what the daemon needs to run with them until the next reload.
import { describeRisks } from '../../clearml/connection/connection-risks.ts';
import { openCluster } from '../../assembly/open-cluster.ts';
import { openServer, type ServerSide } from './connect-to-clearml.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import type { CommonOptions } from '../../assembly/read-config.ts';
import { parseJournal } from '../journal/journal-lines.ts';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { Logger } from '../../log/logger.ts';
import { configuredTemplates } from '../../assembly/read-named-templates.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { readQueues, refuseInternalQueue } from '../../assembly/read-queue-templates.ts';
import { refuseUntrustedTemplates } from '../../assembly/refuse-untrusted-files.ts';
import { warnAboutTemplates } from '../../lint/warn-about-templates.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { WarnOnce } from '../../log/warn-once.ts';

export interface StartOptions extends CommonOptions {
  readonly createQueues: boolean;
  /** Ends after one pass. */
  readonly once: boolean;
  /** Opens the HTTP server of the settings; not with `once`. */
  readonly openWeb?: OpenWeb;
}

/** Opens the HTTP server, if the settings name one. It shows what the monitor sees. */
export type OpenWeb = (app: App, monitor: Monitor) => Promise<{ close(): Promise<void> } | undefined>;

export interface Generation {
  readonly app: App;
  readonly serverSide: ServerSide;
  /** Resolves when the last log line is written. */
  close(): Promise<void>;
}

/** Reads the files and logs in to the server. @throws the errors for which explain-error.ts has a message */
export async function openGeneration(
  options: StartOptions,
  context: ProcessContext,
  warnOnce: WarnOnce,
): Promise<Generation> {
  const app = createApp(options, context);
  const { settings } = app.config;
  try {
    await refuseUntrustedTemplates(configuredTemplates(settings), settings, context);
    for (const { name } of settings.queues) refuseInternalQueue(name, settings);
    const named = await readQueues(settings, context.workingDir);
    for (const warning of named.flatMap(({ warnings }) => warnings)) warnOnce(app.log, warning);
    await warnAboutTemplates(named, { log: app.log, warnOnce });
    await warnOfLeftBehind(settings.clusters, app.log);
    const { apiServer = '', verifyCertificate } = settings.api;
    for (const risk of describeRisks({ apiServer, verifyCertificate })) warnOnce(app.log, risk);
    // No command runs there yet: this only finds what the user must change before a login node can be reached.
    for (const cluster of settings.clusters) {
      const { host } = await openCluster(app, cluster, app.log);
      for (const notice of host.notices ?? []) warnOnce(app.log, notice);
      await host.close();
    }
    const serverSide = await openServer(app, named, {
      createQueues: options.createQueues,
      isDaemon: true,
    });
    return {
      app,
      serverSide,
      async close() {
        await serverSide.clearml.close();
        await app.closeLog();
      },
    };
  } catch (error) {
    await app.closeLog();
    throw error;
  }
}

/** Warns if the parent of the clusters' state directories has a journal with tasks: a daemon without cluster names left it. */
async function warnOfLeftBehind(clusters: readonly ClusterSettings[], log: Logger): Promise<void> {
  const named = clusters.find(({ name }) => name !== undefined);
  if (named === undefined) return;
  const file = join(dirname(named.stateDir), 'journal.jsonl');
  const read = parseJournal(await readFile(file, 'utf8').catch(() => ''));
  if (read.kind === 'read' && read.entries.size === 0) return;
  log.warn('Ignoring the jobs in an old journal. Run a daemon with the old configuration until they have ended', {
    file,
    ...(read.kind === 'read' ? { tasks: read.entries.size } : {}),
  });
}
