// Watches the clusters of one daemon: for health checks, and with `agent.slurm.http` for the status page and metrics.
import type { Clock } from '../../base/clock.ts';
import { createClusterMonitor, type ClusterIdentity, type ClusterMonitor } from './cluster-monitor.ts';
import type { DaemonEvent } from './daemon-events.ts';

export interface Monitor {
  /** The monitor of this cluster; the same one after a reload, so that its histories continue. */
  open(cluster: ClusterIdentity): ClusterMonitor;
  /** Forgets all other clusters: a reload has removed them. */
  keepOnly(names: readonly (string | undefined)[]): void;
  /** In the order in which they were opened first. */
  clusters(): readonly ClusterMonitor[];
  /** Calls the listener with each event of each cluster. It must return soon, and must not throw. */
  onEvent(listener: (event: DaemonEvent, cluster: string) => void): void;
  /** Calls the listener after each pass, until the returned function is called. */
  onPass(listener: () => void): () => void;
}

/**
 * @param keepsSteps false if no user sees what became of each task: only health is watched then
 * @param steadyNow milliseconds on a clock that is never set, by which health is decided
 */
export function createMonitor(
  clock: Pick<Clock, 'now'>,
  { keepsSteps = true, steadyNow = () => clock.now() } = {},
): Monitor {
  const clusters = new Map<string | undefined, ClusterMonitor>();
  const listeners: ((event: DaemonEvent, cluster: string) => void)[] = [];
  const passListeners = new Set<() => void>();

  return {
    open(cluster) {
      const known = clusters.get(cluster.name);
      if (known !== undefined) {
        known.starts(cluster);
        return known;
      }
      const made = createClusterMonitor(cluster, clock, {
        keepsSteps,
        steadyNow,
        emit: (event) => {
          for (const listener of listeners) listener(event, made.label());
        },
        changed: () => {
          for (const listener of passListeners) listener();
        },
      });
      clusters.set(cluster.name, made);
      return made;
    },
    keepOnly(names) {
      for (const name of clusters.keys()) if (!names.includes(name)) clusters.delete(name);
    },
    clusters: () => [...clusters.values()],
    onEvent: (listener) => void listeners.push(listener),
    onPass(listener) {
      passListeners.add(listener);
      return () => passListeners.delete(listener);
    },
  };
}
