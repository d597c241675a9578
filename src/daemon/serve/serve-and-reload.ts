// Serves ClearML queues until it is stopped or drained; reloads the configuration on SIGHUP.
import { setMaxListeners } from 'node:events';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { DaemonEnd } from '../reconcile-loop.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import { daemonLogFile, rotateDaemonLogRegularly } from './daemon-log.ts';
import { openGeneration, type Generation, type OpenWeb, type StartOptions } from './configuration-generation.ts';
import { serveCluster, type ServeOptions } from './serve-cluster.ts';
import { summarizeHealth } from '../monitor/decide-readiness.ts';
import { createMonitor, type Monitor } from '../monitor/monitor.ts';
import { systemClock } from '../../base/clock.ts';
import { createServiceManager } from './service-manager.ts';
import { createTransportHere } from '../../assembly/create-transport.ts';
import { createWarnOnce } from '../../log/warn-once.ts';

/** @throws the errors that explain-error.ts lists */
export async function serve(options: StartOptions, context: ProcessContext): Promise<DaemonEnd> {
  const { once } = options;
  const drain = new AbortController();
  const warnOnce = createWarnOnce();
  let current: Generation | undefined;
  let replace = new AbortController();
  let reading = Promise.resolve();
  let next: Generation | undefined;
  /** The previous generation, until the clusters of the current one are served. */
  let before: Generation | undefined;

  // First of all: without a listener, SIGUSR1 starts Node's debugger.
  const stopListening = [
    context.onSignal('SIGUSR1', () => {
      current?.app.log.info('Draining: claiming no new tasks; the daemon ends when its last job has ended');
      drain.abort();
    }),
    ...(once ? [] : [context.onSignal('SIGHUP', () => void (reading = reading.then(readAgain)))]),
  ];
  let web: ReturnType<OpenWeb> | undefined;
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
    current = await openGeneration(options, context, warnOnce);
    const isShown = current.app.config.settings.http !== undefined;
    monitor = once ? undefined : createMonitor(systemClock, { keepsSteps: isShown });
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
        const ends = await serveAll(current, { once, stop, drain: drain.signal, warnOnce, locked, served, monitor });
        await reading;
        if (next === undefined || context.stop.aborted) return ends.includes('unfinished') ? 'unfinished' : 'done';
        await dropBefore();
        [before, current, next] = [current, next, undefined];
      } catch (error) {
        if (before === undefined || context.stop.aborted) throw error;
        current.app.log.error('Cannot run with the reloaded configuration; keeping the previous one', {
          err: error,
        });
        await current.close();
        [before, current] = [undefined, before];
      }
      replace = new AbortController();
    }
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
      replace.abort();
    } catch (error) {
      current.app.log.error('Reload failed; keeping the previous configuration and templates', {
        err: error,
      });
    }
  }

  function served(): void {
    void dropBefore();
  }

  async function dropBefore(): Promise<void> {
    const old = before;
    before = undefined;
    await old?.close();
  }
}

/**
 * A cluster that cannot be served does not affect the others.
 * @throws the first such error, once all have ended
 */
async function serveAll({ app, serverSide }: Generation, options: ServeOptions): Promise<DaemonEnd[]> {
  const { clusters } = app.config.settings;
  // Every cluster adds a listener.
  setMaxListeners(0, options.stop, options.drain);
  options.monitor?.keepOnly(clusters.map(({ name }) => name));
  const errors: unknown[] = [];

  async function serveOne(cluster: ClusterSettings): Promise<DaemonEnd> {
    try {
      return await serveCluster(app, cluster, serverSide, options);
    } catch (error) {
      errors.push(error);
      if (clusters.length > 1)
        app.log.error('Could not serve this cluster; serving the others', { cluster: cluster.name, err: error });
      return 'done';
    }
  }

  const ends = await Promise.all(clusters.map(serveOne));
  if (errors.length > 0) throw errors[0];
  return ends;
}
