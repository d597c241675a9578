// Serves ClearML queues until it is stopped or drained; reloads the configuration on SIGHUP.
import type { DaemonEnd } from '../reconcile-loop.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import { daemonLogFile, rotateDaemonLogRegularly } from './daemon-log.ts';
import { summarizeHealth } from '../monitor/decide-readiness.ts';
import { createMonitor, type Monitor } from '../monitor/monitor.ts';
import { systemClock } from '../../base/clock.ts';
import { createServiceManager } from './notify-systemd.ts';
import { createTransportHere } from '../../assembly/create-transport.ts';
import { createWarnOnce, type WarnOnce, type Logger } from '../../log/logger.ts';
import { serveClusters } from './serve-clusters.ts';
import { describeRisks } from '../../clearml/connection/connection-settings.ts';
import { openCluster } from '../../assembly/open-cluster.ts';
import { openServer, type ServerSide } from './connect-to-clearml.ts';
import type { CommonOptions } from '../../assembly/load-trusted-config.ts';
import { journalFile, parseJournal } from '../journal/journal-lines.ts';
import { StateDirectoryLostError } from '../journal/lock.ts';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { Settings } from '../../config/convert-settings.ts';
import { configuredTemplates } from '../../assembly/read-named-files.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { readQueues, refuseInternalQueue } from '../../assembly/read-queue-templates.ts';
import { refuseUntrustedTemplates } from '../../assembly/refuse-untrusted-files.ts';
import { warnAboutTemplates } from '../../lint/lint-template.ts';

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

/** @throws the errors that explain-error.ts lists */
export async function serve(options: StartOptions, context: ProcessContext): Promise<DaemonEnd> {
  const { once } = options;
  const startedAt = systemClock.now();
  const drain = new AbortController();
  const warnOnce = createWarnOnce();
  let current: Generation | undefined;
  let replace = new AbortController();
  let reading = Promise.resolve();
  let next: Generation | undefined;
  /** The previous generation, until a cluster of the current one is served. */
  let before: Generation | undefined;
  const everServed = new Set<string | undefined>();

  // First of all: without a listener, SIGUSR1 starts Node's debugger.
  const stopListening = [
    context.onSignal('SIGUSR1', () => {
      current?.app.log.info('Draining: claiming no new tasks; the daemon ends when its last job has ended');
      drain.abort();
    }),
    ...(once ? [] : [context.onSignal('SIGHUP', () => void (reading = reading.then(readAgain)))]),
  ];
  let web: ReturnType<OpenWeb> | undefined;
  let servedHttp: Settings['http'];
  let monitor: Monitor | undefined;
  const manager = once
    ? undefined
    : createServiceManager({
        environment: context.environment,
        pids: [process.pid, process.ppid],
        isLive: () => monitor?.clusters().every((cluster) => cluster.health().isLive) ?? true,
        health: () =>
          summarizeHealth(
            (monitor?.clusters() ?? []).map((cluster) => ({
              ...cluster.health(),
              label: cluster.label(),
              tracked: cluster.limits().tracked,
            })),
          ),
        here: () => createTransportHere(context),
        log: { warn: (message, fields) => current?.app.log.warn(message, fields) },
      });
  let notified: Promise<void> | undefined;
  const stops = (): void => void (notified = manager?.stopping());
  context.stop.addEventListener('abort', stops, { once: true });
  try {
    const opening = openGeneration(options, context, warnOnce);
    // A SIGHUP meanwhile comes after the files were read: they are read again.
    reading = opening.then(
      () => undefined,
      () => undefined,
    );
    current = await opening;
    servedHttp = current.app.config.settings.http;
    const isShown = servedHttp !== undefined;
    monitor = once
      ? undefined
      : createMonitor(systemClock, { keepsSteps: isShown, steadyNow: () => Math.round(performance.now()) });
    if (manager !== undefined) monitor?.onPass(() => manager.passed());
    const { app } = current;
    const locked = async (): Promise<void> => {
      if (monitor === undefined) return;
      if (isShown) await (web ??= options.openWeb?.(app, monitor));
      notified ??= manager?.ready();
    };
    const logFile = daemonLogFile(current.app.config.settings.clusters);
    stopListening.push(rotateDaemonLogRegularly(logFile, () => current?.app.log));
    for (;;) {
      const stop = AbortSignal.any([context.stop, replace.signal]);
      try {
        const ends = await serveClusters(current, {
          once,
          startedAt,
          stop,
          isReloading: () => !context.stop.aborted && replace.signal.aborted,
          drain: drain.signal,
          warnOnce,
          locked,
          served,
          everServed,
          hasPrevious: () => before !== undefined,
          monitor,
        });
        // A later read may wait for ClearML: it replaces the generation that is served meanwhile.
        if (!isRead()) await reading;
        if (!isRead() || context.stop.aborted) return ends.includes('unfinished') ? 'unfinished' : 'done';
      } catch (error) {
        if (before === undefined || context.stop.aborted || error instanceof StateDirectoryLostError) throw error;
        const then = isRead() ? 'using that of a later reload' : 'keeping the previous one';
        current.app.log.error(`Cannot run with the reloaded configuration; ${then}`, { err: error });
      }
      await replaceCurrent();
    }
  } catch (error) {
    // Stopped while it waited for the ClearML server, before it had claimed anything.
    if (context.stop.aborted && error === context.stop.reason) return once ? 'unfinished' : 'done';
    throw error;
  } finally {
    for (const stop of stopListening) stop();
    context.stop.removeEventListener('abort', stops);
    if (!context.stop.aborted) stops();
    await notified;
    await (await web?.catch(() => undefined))?.close();
    await reading;
    for (const generation of [next, before, current]) await generation?.close();
  }

  async function readAgain(): Promise<void> {
    if (current === undefined) return;
    try {
      const read = await openGeneration(options, context, warnOnce);
      await next?.close();
      next = read;
      read.app.log.info('Reloaded the configuration and the templates');
      if (!isDeepStrictEqual(read.app.config.settings.http, servedHttp))
        read.app.log.warn('agent.slurm.http has changed, which a reload does not apply; restart the daemon');
      replace.abort();
    } catch (error) {
      if (context.stop.aborted) return;
      current.app.log.error('Reload failed; keeping the previous configuration and templates', {
        err: error,
      });
    }
  }

  function isRead(): boolean {
    return next !== undefined;
  }

  /** By the generation that was read last, or else by the previous one. */
  async function replaceCurrent(): Promise<void> {
    // First of all: a generation that is read from now on ends the one that is chosen here.
    replace = new AbortController();
    const old = current;
    current = next ?? before;
    next = undefined;
    // Of a generation that could not be served, the previous one remains the one to return to.
    if (before === undefined) before = old;
    else await old?.close();
    if (current === before) before = undefined;
  }

  function served(): void {
    const old = before;
    before = undefined;
    void old?.close();
  }
}

/** Reads the files and logs in to the server. @throws the errors for which explain-error.ts has a message */
async function openGeneration(options: StartOptions, context: ProcessContext, warnOnce: WarnOnce): Promise<Generation> {
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
  const file = journalFile(dirname(named.stateDir));
  const read = parseJournal(await readFile(file, 'utf8').catch(() => ''));
  if (read.kind === 'read' && read.entries.size === 0) return;
  log.warn(
    'The journal of the previous configuration (without agent.slurm.clusters) still has tasks, and this daemon adopts only those with a Slurm job. Run a daemon with the previous configuration until that journal is empty',
    {
      file,
      ...(read.kind === 'read' ? { tasks: read.entries.size } : {}),
    },
  );
}
