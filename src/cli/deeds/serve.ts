// Serves ClearML queues until it is told to stop or has drained; on SIGHUP it goes on with what it then reads.
import { setMaxListeners } from 'node:events';
import type { ClusterSettings } from '../../config/clusters.ts';
import type { DaemonEnd } from '../../daemon/loop.ts';
import type { Surroundings, Typed } from '../command.ts';
import { daemonLogFile, keepDaemonLogShort } from '../daemon-log.ts';
import { EXIT } from '../exit-codes.ts';
// What tells of the daemon's end is loaded at its start: by then its files may have been replaced by another version's.
import '../explain.ts';
import { openGeneration, type Generation } from '../generation.ts';
import { serveCluster, type ServeOptions } from '../serve-cluster.ts';
import { switchOption } from '../typed-options.ts';
import { createWarnOnce } from '../warn-once.ts';

/** @throws whatever keeps it from serving, each with a sentence in explain.ts's table */
export async function serve(typed: Typed, around: Surroundings): Promise<number> {
  const once = switchOption(typed, 'once') ?? false;
  const drain = new AbortController();
  const warnOnce = createWarnOnce();
  let current: Generation | undefined;
  let replace = new AbortController();
  let reading = Promise.resolve();
  let next: Generation | undefined;
  /** The one before, until the clusters of the current one are served. */
  let before: Generation | undefined;

  // Before anything else: to a Node that doesn't listen, SIGUSR1 means that it is to be debugged.
  const stopListening = [
    around.onSignal('SIGUSR1', () => {
      current?.base.log.info('Draining: nothing new is taken, and the last job is the end');
      drain.abort();
    }),
    ...(once ? [] : [around.onSignal('SIGHUP', () => void (reading = reading.then(readAgain)))]),
  ];
  try {
    current = await openGeneration(typed, around, warnOnce);
    const logFile = daemonLogFile(current.base.config.settings.clusters);
    stopListening.push(keepDaemonLogShort(logFile, () => current?.base.log));
    for (;;) {
      const stop = AbortSignal.any([around.stop, replace.signal]);
      try {
        const ends = await serveAll(current, { once, stop, drain: drain.signal, warnOnce, served });
        await reading;
        if (next === undefined || around.stop.aborted) return ends.includes('unfinished') ? EXIT.tryAgain : EXIT.ok;
        await dropBefore();
        [before, current, next] = [current, next, undefined];
      } catch (error) {
        if (before === undefined || around.stop.aborted) throw error;
        current.base.log.error('What was read again can not be served; the old configuration is in force again', {
          err: error,
        });
        await current.close();
        [before, current] = [undefined, before];
      }
      replace = new AbortController();
    }
  } finally {
    for (const stop of stopListening) stop();
    await reading;
    for (const generation of [next, before, current]) await generation?.close();
  }

  async function readAgain(): Promise<void> {
    if (current === undefined) return;
    try {
      const read = await openGeneration(typed, around, warnOnce);
      await next?.close();
      next = read;
      read.base.log.info('The configuration and the templates were read again, and are taken up');
      replace.abort();
    } catch (error) {
      current.base.log.error('What was read again is wrong; the old configuration and templates stay in force', {
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
 * One that can't be served does not keep the others from it.
 * @throws the first such trouble once all have ended
 */
async function serveAll({ base, serverSide }: Generation, options: ServeOptions): Promise<DaemonEnd[]> {
  const { clusters } = base.config.settings;
  // All of them listen to these.
  setMaxListeners(0, options.stop, options.drain);
  const troubles: unknown[] = [];

  async function serveOne(cluster: ClusterSettings): Promise<DaemonEnd> {
    try {
      return await serveCluster(base, cluster, serverSide, options);
    } catch (error) {
      troubles.push(error);
      if (clusters.length > 1)
        base.log.error('This cluster is not served; the others are', { cluster: cluster.name, err: error });
      return 'done';
    }
  }

  const ends = await Promise.all(clusters.map(serveOne));
  if (troubles.length > 0) throw troubles[0];
  return ends;
}
