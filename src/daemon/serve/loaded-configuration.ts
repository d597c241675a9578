// What is served from one reading of the configuration and the templates, until they are read again.
import { describeRisks } from '../../clearml/connection-risks.ts';
import { openCluster } from '../../assembly/open-cluster.ts';
import { openServer, type ServerSide } from './open-server.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import type { CommonOptions } from '../../assembly/read-config.ts';
import { readJournal } from '../journal/journal-lines.ts';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClusterSettings } from '../../config/clusters.ts';
import type { Logger } from '../../log/logger.ts';
import { configuredTemplates } from '../../assembly/named-templates.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { readQueues, refuseInternalQueue } from '../../assembly/read-queues.ts';
import { refuseUntrustedTemplates } from '../../assembly/trusted-files.ts';
import { warnOfTemplates } from '../../lint/warn-of-templates.ts';
import type { WarnOnce } from '../../log/warn-once.ts';

export interface StartOptions extends CommonOptions {
  readonly createQueues: boolean;
  /** Ends after one pass. */
  readonly once: boolean;
}

export interface Generation {
  readonly app: App;
  readonly serverSide: ServerSide;
  /** Resolves when the last line of its log is out. */
  close(): Promise<void>;
}

/** Reads everything and logs in to the server. @throws whatever keeps it from being served, each with a sentence in explain.ts's table */
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
    await warnOfTemplates(named, { log: app.log, warnOnce });
    await warnOfLeftBehind(settings.clusters, app.log);
    const { apiServer = '', verifyCertificate } = settings.api;
    for (const risk of describeRisks({ apiServer, verifyCertificate })) warnOnce(app.log, risk);
    // Nothing is asked there yet: this finds what a person must change before a login node can be reached.
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

/** A warning when the folder above those of the clusters holds the journal of a daemon without names, with tasks in it. */
async function warnOfLeftBehind(clusters: readonly ClusterSettings[], log: Logger): Promise<void> {
  const named = clusters.find(({ name }) => name !== undefined);
  if (named === undefined) return;
  const file = join(dirname(named.stateDir), 'journal.jsonl');
  const read = readJournal(await readFile(file, 'utf8').catch(() => ''));
  if (read.kind === 'read' && read.entries.size === 0) return;
  log.warn(
    'Jobs from before the clusters had names are not followed; start once without names until they have ended, then remove the file',
    { file, ...(read.kind === 'read' ? { tasks: read.entries.size } : {}) },
  );
}
