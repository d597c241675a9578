// What is served from one reading of the configuration and the templates, until they are read again.
import { describeRisks } from '../clearml/connection-risks.ts';
import { openCluster, openServer, type ServerSide } from './assemble.ts';
import type { Surroundings, Typed } from './command.ts';
import { warnOfLeftBehind } from './left-behind.ts';
import { configuredTemplates } from './named-templates.ts';
import { readBase, type Base } from './read-base.ts';
import { readQueues, refuseInternalQueue } from './serve-queues.ts';
import { refuseUntrustedTemplates } from './trusted-files.ts';
import { warnOfTemplates } from './warn-of-templates.ts';
import { switchOption } from './typed-options.ts';
import type { WarnOnce } from './warn-once.ts';

export interface Generation {
  readonly base: Base;
  readonly serverSide: ServerSide;
  /** Resolves when the last line of its log is out. */
  close(): Promise<void>;
}

/** Reads everything and logs in to the server. @throws whatever keeps it from being served, each with a sentence in explain.ts's table */
export async function openGeneration(typed: Typed, around: Surroundings, warnOnce: WarnOnce): Promise<Generation> {
  const base = readBase(typed, around);
  const { settings } = base.config;
  try {
    await refuseUntrustedTemplates(configuredTemplates(settings), settings, around);
    for (const { name } of settings.queues) refuseInternalQueue(name, settings);
    const named = await readQueues(settings, around.workingDir);
    for (const warning of named.flatMap(({ warnings }) => warnings)) warnOnce(base.log, warning);
    await warnOfTemplates(named, { log: base.log, warnOnce });
    await warnOfLeftBehind(settings.clusters, base.log);
    const { apiServer = '', verifyCertificate } = settings.api;
    for (const risk of describeRisks({ apiServer, verifyCertificate })) warnOnce(base.log, risk);
    // Nothing is asked there yet: this finds what a person must change before a login node can be reached.
    for (const cluster of settings.clusters) {
      const { host } = await openCluster(base, cluster, base.log);
      for (const notice of host.notices ?? []) warnOnce(base.log, notice);
      await host.close();
    }
    const serverSide = await openServer(base, named, {
      createQueues: switchOption(typed, 'create-queue') ?? false,
      isDaemon: true,
    });
    return {
      base,
      serverSide,
      async close() {
        await serverSide.clearml.close();
        await base.closeLog();
      },
    };
  } catch (error) {
    await base.closeLog();
    throw error;
  }
}
