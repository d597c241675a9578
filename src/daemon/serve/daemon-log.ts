// The log of a daemon in the background: where it is, and how it is kept short.
import { dirname, join } from 'node:path';
import type { ClusterSettings } from '../../config/clusters.ts';
import type { Logger } from '../../log/logger.ts';
import { rotateLog, writesTo } from '../../log/rotate-log.ts';

/** 10 MB are some weeks of a busy daemon. */
const ROTATION = { maxBytes: 10_000_000, keep: 3 };
const LOOK_EVERY_MS = 60_000;
const STDERR = 2;

/** Beside the state, or beside the states of several clusters. */
export function daemonLogFile([cluster]: readonly ClusterSettings[]): string {
  if (cluster === undefined) throw new RangeError('there is at least one cluster');
  return join(cluster.name === undefined ? cluster.stateDir : dirname(cluster.stateDir), 'daemon.log');
}

/** Where it is too long already. @throws what the file system says */
export function shortenDaemonLog(file: string): void {
  rotateLog(file, ROTATION);
}

/** Keeps it short until what is returned is called; a log that goes elsewhere is left alone. */
export function keepDaemonLogShort(file: string, log: () => Logger | undefined): () => void {
  if (!writesTo(STDERR, file)) return () => undefined;
  const timer = setInterval(() => {
    try {
      rotateLog(file, ROTATION);
    } catch (error) {
      log()?.warn('The log could not be moved on, and grows', { file, err: error });
    }
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}
