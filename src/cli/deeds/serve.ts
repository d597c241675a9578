// Serves ClearML queues until it is told to stop: reads what is to be served, logs in, and serves every cluster beside the others.
import { setMaxListeners } from 'node:events';
import type { ClusterSettings } from '../../config/clusters.ts';
import type { DaemonEnd } from '../../glue/daemon.ts';
import { openServer, type ServerSide } from '../assemble.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
// What tells of the daemon's end is loaded at its start: by then its files may have been replaced by another version's.
import '../explain.ts';
import { warnOfLeftBehind } from '../left-behind.ts';
import { readBase, type Base } from '../read-base.ts';
import { serveCluster, type ServeOptions } from '../serve-cluster.ts';
import { readQueues } from '../serve-queues.ts';
import { switchOption } from '../typed-options.ts';

/** @throws whatever keeps it from serving, each with a sentence in explain.ts's table */
export async function serve(typed: Typed, around: Surroundings): Promise<number> {
  const base = readBase(typed, around);
  const { settings } = base.config;
  try {
    const named = await readQueues(settings, around.workingDir);
    await warnOfLeftBehind(settings.clusters, base.log);
    const serverSide = await openServer(base, named, { createQueues: switchOption(typed, 'create-queue') ?? false });
    try {
      const options = { once: switchOption(typed, 'once') ?? false, stop: around.stop };
      const ends = await serveAll(base, serverSide, options);
      return ends.includes('unfinished') ? EXIT.tryAgain : EXIT.ok;
    } finally {
      await serverSide.clearml.close();
    }
  } finally {
    await base.closeLog();
  }
}

/**
 * One that can't be served does not keep the others from it.
 * @throws the first such trouble once all have ended
 */
async function serveAll(base: Base, serverSide: ServerSide, options: ServeOptions): Promise<DaemonEnd[]> {
  const { clusters } = base.config.settings;
  // All of them listen to it.
  setMaxListeners(0, options.stop);
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
